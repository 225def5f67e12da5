import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { runCli } from '../../../src/cli/main.ts';
import { createFileLedger } from '../../../src/ledger/ledger.ts';
import type { RunRecord } from '../../../src/ledger/types.ts';
import { file, minimal, project } from '../../config/support/project.ts';
import { instantClock } from '../../support/instant-clock.ts';
import { fakeContext } from '../support/fake-context.ts';

const id = '20260101T000000-abcd';
const record: RunRecord = {
  ...{ id, operation: 'release', app: 'api', environment: 'local', by: 'ann@h', host: 'h', command: 'c' },
  ...{ startedAt: '2026-01-01T00:00:00.000Z', steps: [{ id: 'bake', title: 'Bake', status: 'pending', seconds: 0 }] },
};

/** A project whose ledger in files has the run, and `pipeline watch` in it. */
async function world() {
  const dir = await project({ 'api.ts': file(minimal({ ledger: { type: 'files', path: 'kept' } })) });
  const clock = instantClock();
  const ledger = createFileLedger({
    ...{ dir: join(dir, 'kept'), environment: 'local', clock, identity: { owner: 'ann', host: 'h' } },
  });
  await ledger.saveRun(record);
  const signals = new EventEmitter();
  const begin = (...words: string[]) => {
    const context = fakeContext(['watch', ...words], { cwd: dir, env: {}, clock, signals });
    const ended = runCli(context).then((code) => ({ code, out: context.stdout.text, err: context.stderr.text }));
    const shows = (text: string) =>
      vi.waitFor(() => expect(context.stderr.text).toContain(text), { timeout: 30_000, interval: 10 });
    return { ended, shows };
  };
  const watch = (...words: string[]) => begin(...words).ended;
  let sequence = 0;
  const write = (entry: Record<string, unknown>) =>
    ledger.appendJournal(id, ++sequence, { ...entry, sequence, at: clock.now() });
  const end = async (facts: Partial<RunRecord>) => {
    await write({ type: 'run.finished', outcome: facts.outcome, leftovers: [] });
    await ledger.saveRun({ ...record, ...facts });
  };
  return { ledger, signals, begin, watch, write, end };
}

test('watch shows the steps of an active run and exits with 0 when it has ended, whatever its outcome', async () => {
  const { ledger, begin, write, end } = await world();
  const lock = await ledger.lock('api', { command: 'c', run: id });
  await write({ type: 'step.started', step: 'bake' });
  const { ended, shows } = begin('2026');
  await shows('started');
  await write({ type: 'step.failed', step: 'bake', error: { code: 'x', message: 'no image' } });
  await end({ outcome: 'rolled-back', seconds: 7, error: { code: 'x', message: 'no image', details: [] } });
  await lock.release();
  const { code, out, err } = await ended;
  expect({ code, out }).toEqual({
    code: 0,
    out: `run ${id} has finished: rolled-back, after 7s: no image\nmore of it: pipeline history api ${id}\n`,
  });
  expect(err).toMatch(/bake +started[\s\S]*bake +failed +no image[\s\S]*run +rolled-back/);
});

test('watch ends on Ctrl-C with 130, and the run goes on', async () => {
  const { ledger, signals, begin, write } = await world();
  const lock = await ledger.lock('api', { command: 'c', run: id });
  await write({ type: 'step.started', step: 'bake' });
  const { ended, shows } = begin('api');
  await shows('started');
  signals.emit('SIGINT');
  const { code, err } = await ended;
  expect(code).toBe(130);
  expect(err).toContain(`watching has ended; run ${id} goes on. To watch it again: pipeline watch api\n`);
  expect(lock.lost.aborted).toBe(false);
  expect((await ledger.run(id))?.outcome).toBeUndefined();
  expect(signals.listenerCount('SIGINT')).toBe(0);
  await lock.release();
});

test('watch exits with 2 when there is nothing to watch', async () => {
  const { watch, end } = await world();
  const none = await watch('api');
  expect(none.code).toBe(2);
  expect(none.err).toContain('no run is active on api in local: nobody holds its lock');
  expect((await watch(id)).err).toContain(`run ${id} is not active: its process has crashed`);
  await end({ outcome: 'done' });
  expect((await watch(id)).err).toContain(`run ${id} has finished: done`);
  expect(await watch('2027')).toMatchObject({ code: 2, err: expect.stringContaining('no run "2027" of api in local') });
});
