import { hostname } from 'node:os';
import pino from 'pino';
import { createApi } from './src/api.js';
import { readConfig, readRelease, readSettings } from './src/settings.js';

const folder = import.meta.dirname;
const log = pino({ name: 'api', timestamp: pino.stdTimeFunctions.isoTime });

try {
  const settings = readSettings(process.env);
  const release = await readRelease(folder, process.env);
  const api = createApi({ config: await readConfig(folder), release, host: hostname(), log });
  const end = async (why, work) => {
    log.info({ why }, 'stopping');
    const { clean, seconds } = await work(settings);
    log.info({ clean, seconds }, 'stopped');
    process.exit(clean ? 0 : 1);
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void end(signal, api.stop));
  if (settings.fd !== undefined) {
    process.once('SIGUSR2', () => void api.take(settings).then((taken) => log.info(taken, 'taken over')));
    process.once('SIGQUIT', () => void end('another has taken over', api.handOver));
  }
  const address = await api.listen(settings);
  // Said last: who reads it may stop us at once.
  log.info({ ...address, version: release.version, commit: release.commit }, 'serving');
} catch (error) {
  log.fatal(error, 'cannot start');
  process.exitCode = 1;
}
