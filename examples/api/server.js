import { hostname } from 'node:os';
import { createApi } from './src/api.js';
import { log } from './src/log.js';
import { readConfig, readRelease, readSettings } from './src/settings.js';

const folder = import.meta.dirname;

try {
  const settings = readSettings(process.env);
  const release = await readRelease(folder, process.env);
  const api = createApi({ config: await readConfig(folder), release, host: hostname() });
  const end = async (why, work) => {
    log('info', 'stopping', { why });
    const { clean, seconds } = await work(settings);
    log('info', 'stopped', { clean, seconds });
    process.exit(clean ? 0 : 1);
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void end(signal, api.stop));
  if (settings.fd !== undefined) {
    process.once('SIGUSR2', () => void api.take(settings).then((taken) => log('info', 'taken over', taken)));
    process.once('SIGQUIT', () => void end('another has taken over', api.handOver));
  }
  const address = await api.listen(settings);
  // Said last: who reads it may stop us at once.
  log('info', 'serving', { ...address, version: release.version, commit: release.commit });
} catch (error) {
  log('error', 'cannot start', { error: error.stack });
  process.exitCode = 1;
}
