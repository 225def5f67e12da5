// A second process for the ledger's tests: child.mjs <what> <folder> [count]; one JSON line per result on stdout.
import { fileURLToPath } from 'node:url';
import { createJiti } from 'jiti';

const load = (path) =>
  createJiti(import.meta.url, { fsCache: false }).import(fileURLToPath(new URL(path, import.meta.url)));
const { createFileLedger } = await load('../../../src/ledger/ledger.ts');
const { createFileStore } = await load('../../../src/ledger/file-store.ts');
const { systemClock } = await load('../../../packages/shared/src/clock.ts');

const [what, dir, count = '1'] = process.argv.slice(2);
const clock = systemClock();
const identity = { owner: 'ben', host: 'desk' };
const ledger = createFileLedger({ dir, environment: 'local', clock, identity });
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const draft = { app: 'api', environment: 'local', commit: 'c', ref: 'main', createdAt: '', createdBy: 'ben', run: 'r' };

if (what === 'reserve') {
  for (let i = 0; i < Number(count); i++) say((await ledger.reserveRelease(draft)).version);
} else if (what === 'lock') {
  // Holds it until it is ended from outside.
  const lock = await ledger.lock('api', { command: 'pipeline release api' });
  say(lock.record.fence);
} else if (what === 'try-lock') {
  const lock = await ledger.lock('api', { command: 'pipeline scale api' }).catch((error) => error);
  say(lock.code ?? 'taken');
  process.exit(0);
} else if (what === 'count') {
  // Adds one, again and again, each time only over what was read.
  const store = createFileStore(dir, clock);
  for (let i = 0; i < Number(count); ) {
    const read = await store.get('counter');
    if ((await store.put('counter', String(Number(read.text) + 1), { ifMatch: read.etag })).written) i++;
  }
}
