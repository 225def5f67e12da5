import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/**
 * What the environment says.
 * - `HOST`, `PORT`: where health and numbers are queried.
 * - `SERVICE_PORT`: the port of the service itself; an environment that is only being checked beside it has another, and consumes nothing.
 * - `REDIS_URL`: where the queues are.
 * - `STOP_TIMEOUT_MS`: when a stop gives up waiting for messages in progress.
 */
export function readSettings(env) {
  const port = whole('PORT', env.PORT, 8080);
  return {
    host: env.HOST || '0.0.0.0',
    port,
    consume: port === whole('SERVICE_PORT', env.SERVICE_PORT, port),
    redis: env.REDIS_URL || 'redis://127.0.0.1:6379',
    consumer: `${hostname()}-${process.pid}`,
    stopTimeoutMs: whole('STOP_TIMEOUT_MS', env.STOP_TIMEOUT_MS, 20_000),
  };
}

function whole(name, text, fallback) {
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new Error(`${name} is '${text}', expected a whole number`);
}

/** The service's own configuration: `queues` by name, `workMs` of one message. */
export async function readConfig(folder) {
  return JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
}

/** What a deployment leaves beside the code. */
export async function readRelease(folder) {
  try {
    return JSON.parse(await readFile(join(folder, 'release.json'), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return { app: 'heracles', version: 'dev', commit: 'unknown' };
    throw error;
  }
}
