import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * What the environment says. Times are in milliseconds.
 * - `HOST`, `PORT`: where to listen (0.0.0.0:8080).
 * - `LISTEN_FD`: a listening socket that whoever starts us holds. Without `PORT` it is accepted from at once; with `PORT` we answer
 *   there until SIGUSR2 says that the socket is ours.
 * - `STOP_DELAY_MS`: how long a stopping server still accepts, so that requests on their way are answered (200).
 * - `STOP_TIMEOUT_MS`: when a stop gives up waiting for requests in flight (25,000, below the init's own 30 s).
 * - `LINGER_MS`: how long connections stay open after another has taken the socket (70,000, above the balancer's idle time of 60 s).
 */
export function readSettings(env) {
  const fd = env.LISTEN_FD ? whole('LISTEN_FD', env.LISTEN_FD, undefined, 1_000_000) : undefined;
  return {
    host: env.HOST || '0.0.0.0',
    port: fd === undefined || env.PORT ? whole('PORT', env.PORT, 8080, 65_535) : undefined,
    fd,
    delayMs: whole('STOP_DELAY_MS', env.STOP_DELAY_MS, 200, 60_000),
    timeoutMs: whole('STOP_TIMEOUT_MS', env.STOP_TIMEOUT_MS, 25_000, 600_000),
    lingerMs: whole('LINGER_MS', env.LINGER_MS, 70_000, 600_000),
  };
}

function whole(name, text, fallback, max) {
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new Error(`${name} is '${text}', expected a whole number from 0 to ${max}`);
  }
  return value;
}

/** Version and commit: from the environment, else from the release.json that a deployment leaves beside the code. */
export async function readRelease(folder, env) {
  const file = await readJson(join(folder, 'release.json'), {});
  return {
    app: file.app ?? 'api',
    version: env.RELEASE_VERSION || file.version || 'dev',
    commit: env.RELEASE_COMMIT || file.commit || 'unknown',
  };
}

/** The service's own configuration, kept in the repository beside the code. */
export async function readConfig(folder) {
  return { healthy: true, headline: '', events: [], ...(await readJson(join(folder, 'config.json'), {})) };
}

async function readJson(file, absent) {
  let text;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return absent;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is not JSON: ${error.message}`);
  }
}
