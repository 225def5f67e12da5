import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CommandOptions } from '../../../../src/cli/command.ts';
import { chooseRun } from '../../../../src/cli/commands/support/choose-run.ts';
import { findProjectRun } from '../../../../src/cli/commands/support/project-runs.ts';
import { runCli } from '../../../../src/cli/main.ts';
import { createFileLedger } from '../../../../src/ledger/ledger.ts';
import type { RunRecord } from '../../../../src/ledger/types.ts';
import { file, minimal, project } from '../../../config/support/project.ts';
import { instantClock } from '../../../support/instant-clock.ts';
import { fakeContext } from '../../support/fake-context.ts';

let dir: string;

const clock = instantClock();
const ids = { api: '20260101T000000-aaaa', web: '20260102T000000-bbbb', live: '20260103T000000-cccc' };
const kept = { ledger: { type: 'files', path: 'kept' } };

const run = (app: string, id: string, environment = 'local', more: Partial<RunRecord> = {}): RunRecord => ({
  ...{ id, operation: 'release', app, environment, by: 'ann@h', host: 'h', command: `pipeline release ${app}` },
  ...{ startedAt: '2026-01-01T00:00:00.000Z', steps: [], ...more },
});

const ledgerOf = (environment = 'local') =>
  createFileLedger({ dir: join(dir, 'kept'), environment, clock, identity: { owner: 'ann', host: 'elsewhere' } });

/** A project of two apps, whose ledgers have some runs. */
async function projectWith(...runs: RunRecord[]): Promise<void> {
  const two = minimal(kept);
  dir = await project({ 'api.ts': file(two), 'web.ts': file({ ...two, app: 'web' }) });
  for (const one of runs) await ledgerOf(one.environment).saveRun(one);
}

async function choosing(command: 'resume' | 'abort', options: CommandOptions = {}) {
  const context = fakeContext([command], { cwd: dir, env: {}, clock });
  const chosen = await chooseRun(context, options, command);
  return { id: chosen?.run.id, app: chosen?.fleet.app, out: context.stdout.text, err: context.stderr.text };
}

describe('a command without an app', () => {
  it.each(['resume', 'abort'] as const)('takes the only unfinished run of the project: %s', async (command) => {
    await projectWith(
      run('web', ids.web, 'local', { outcome: 'manual-intervention', finishedAt: '2026-01-02T00:01:00.000Z' }),
      run('api', ids.api, 'local', { outcome: 'done', finishedAt: '2026-01-01T00:01:00.000Z' }),
    );
    expect(await choosing(command)).toEqual({
      ...{ id: ids.web, app: 'web', out: '' },
      err: `run ${ids.web}: web in local, "pipeline release web" by ann@h since 2026-01-01 00:00: manual intervention is required\n`,
    });
  });

  it('lists several with a command for each, and changes nothing', async () => {
    await projectWith(run('api', ids.api), run('web', ids.web));
    const context = fakeContext(['resume'], { cwd: dir, env: {}, clock });
    expect(await runCli(context)).toBe(2);
    expect(context.stderr.text).toContain('2 runs have not finished');
    expect(context.stderr.text).toContain(
      `pipeline resume ${ids.api}   # api in local, "pipeline release api" by ann@h since 2026-01-01 00:00: its process has crashed`,
    );
    expect(context.stderr.text).toContain(`pipeline resume ${ids.web}   # web in local`);
  });

  it('aborts an active run, too, which resume leaves out where another one has crashed', async () => {
    await projectWith(run('api', ids.api), run('web', ids.live));
    const lock = await ledgerOf().lock('web', { command: 'pipeline release web', run: ids.live });
    expect(await choosing('resume')).toMatchObject({ id: ids.api, app: 'api' });
    await expect(choosing('abort')).rejects.toMatchObject({
      code: 'run.which',
      details: [expect.stringContaining(ids.api), expect.stringMatching(/^pipeline abort .*: it is active$/)],
    });
    await lock.release();
  });

  it.each([
    ['resume', { json: true }, '{\n  "schema": 2,\n  "outcome": "nothing-to-resume"\n}\n'],
    ['abort', {}, 'nothing to abort: no run of this project is active or unfinished\n'],
  ] as const)('exits with 0 and says so where nothing is unfinished: %s', async (command, options, out) => {
    await projectWith(run('api', ids.api, 'local', { outcome: 'rolled-back', finishedAt: '2026-01-01T00:01:00.000Z' }));
    expect(await choosing(command, options)).toMatchObject({ id: undefined, out });
    const context = fakeContext([command], { cwd: dir, env: {}, clock });
    expect(await runCli(context)).toBe(0);
  });

  it('goes on when the file of another app has mistakes, with a warning, and reports that where nothing else is found', async () => {
    await projectWith(run('api', ids.api));
    await writeFile(join(dir, 'pipelines/web.ts'), 'export default 1;\n');
    const chosen = await choosing('resume');
    expect(chosen).toMatchObject({
      id: ids.api,
      err: expect.stringContaining('warning: runs that are not known: web: '),
    });
    await ledgerOf().saveRun(run('api', ids.api, 'local', { outcome: 'done', finishedAt: '2026-01-01T00:01:00.000Z' }));
    await expect(choosing('resume')).rejects.toMatchObject({
      code: 'run.unread',
      message: 'no unfinished run was found, but not every ledger could be read',
      details: [expect.stringMatching(/^web: /)],
    });
  });
});

describe('a run that is named without its app', () => {
  const find = (text: string, options: CommandOptions = {}) =>
    findProjectRun(fakeContext(['abort'], { cwd: dir, env: {}, clock }), options, text);

  it('is found by the beginning of its id', async () => {
    await projectWith(run('api', ids.api), run('web', ids.web));
    expect(await find('20260102')).toMatchObject({ id: ids.web, fleet: { app: 'web', environment: 'local' } });
  });

  it('is refused where it is unknown, or the beginning of several', async () => {
    await projectWith(run('api', ids.api), run('web', ids.web));
    await expect(find('2027')).rejects.toMatchObject({
      code: 'run.unknown',
      message: 'no run "2027" of api in local, web in local',
    });
    await expect(find('2026')).rejects.toMatchObject({ code: 'run.ambiguous', outcome: 'usage' });
    await expect(find(ids.api, { env: 'production' })).rejects.toMatchObject({ code: 'run.unknown' });
    await expect(find(ids.api, { env: '../x' })).rejects.toMatchObject({ code: 'name.environment' });
  });

  it('is not resumed where two are named', async () => {
    await projectWith(run('api', ids.api));
    const context = fakeContext(['resume', ids.api, ids.api], { cwd: dir, env: {}, clock });
    expect(await runCli(context)).toBe(2);
    expect(context.stderr.text).toContain('two runs were named');
  });
});
