import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { LocalHook } from '../../src/config/schema/hooks.ts';
import { createRunId } from '../../src/engine/run-id.ts';
import type { Hook } from '../../src/release/hooks.ts';
import { releaseOperation } from '../../src/release/operation.ts';
import { planRelease } from '../../src/release/plan.ts';
import { die } from '../support/dying.ts';
import { failingAfter, Simulated } from '../support/simulated.ts';

let world: Simulated;

/** Writes down what it was told: `hook undo repeated: version from previous`, and the words that it got. */
const script = `#!/bin/sh
echo "\${PIPELINE_HOOK}\${PIPELINE_UNDO:+ undo}\${PIPELINE_REPEATED:+ repeated}: $PIPELINE_VERSION from \${PIPELINE_PREVIOUS:-nothing} $*" >>told
cp "$PIPELINE_FACTS" facts
echo "said $1"
exit "\${2:-0}"
`;

const tell = (...words: string[]): LocalHook => ({ command: ['./tell', ...words], timeoutSeconds: 30 });
const plan = (hooks: Hook[]) => planRelease(world.services, world.clock, { hooks });
const file = (name: string) => path.join(world.fleet.projectDir, name);
const told = async () => (await readFile(file('told'), 'utf8')).trim().split('\n');

beforeAll(async () => {
  world = await Simulated.create();
  await writeFile(file('tell'), script);
  await chmod(file('tell'), 0o755);
  // What is not committed would be refused.
  await writeFile(file('.git/info/exclude'), 'tell\ntold\nfacts\n');
  const first = await world.run(await plan([{ at: 'before-stage', run: tell('first') }]));
  expect(first.outcome).toBe('done');
}, 60_000);
afterAll(() => world?.close());
beforeEach(async () => {
  await writeFile(file('told'), '');
  world.notes.length = 0;
});

it('commands run at their points in order where the pipeline runs, with the facts of the run', async () => {
  const planned = await plan([
    { at: 'after-verify', run: tell('verified') },
    { at: 'before-roll', run: tell('rolling') },
    { at: 'before-stage', run: tell('staging'), undo: tell('unstaged') },
    { at: 'before-detach', run: tell('two words') },
  ]);
  const ids = planned.steps.map(({ id }) => id);
  expect(ids.slice(0, 5)).toEqual(['preflight', 'tell-staging', 'stage', 'tell-two-words', 'detach']);
  const runId = createRunId(world.clock);
  const events: string[] = [];
  const result = await world.run(planned, {
    runId,
    sink: (event) => void (event.code === 'step.output' && events.push(event.line)),
  });
  expect(result.outcome).toBe('done');
  const { version, commit, current } = planned.initial;
  const from = `${version} from ${current.version}`;
  expect(await told()).toEqual([
    `before-stage: ${from} staging`,
    `before-detach: ${from} two words`,
    `before-roll: ${from} rolling`,
    `before-stage undo: ${from} unstaged`,
    `after-verify: ${from} verified`,
  ]);
  expect(events).toEqual(['said staging', 'said two words', 'said rolling', 'said unstaged', 'said verified']);
  expect(JSON.parse(await readFile(file('facts'), 'utf8'))).toEqual({
    ...{ app: 'api', environment: 'local', hook: 'after-verify', operation: 'release', run: runId },
    ...{ version, commit, previous: current.version },
  });
}, 60_000);

it.each(['before-stage', 'before-detach', 'before-roll'] as const)(
  'a command at %s that fails has the release rolled back, and is undone',
  async (at) => {
    const result = await world.run(await plan([{ at, run: tell('no', '7'), undo: tell('back') }]));
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { code: 'command.failed' } });
    expect(String(result.error)).toContain('`./tell no 7` failed: exit 7');
    expect((await told()).map((line) => line.split(':')[0])).toEqual([at, `${at} undo`]);
  },
  60_000,
);

it('a command before the roll is undone when a later step fails', async () => {
  const planned = await plan([{ at: 'before-stage', run: tell('on'), undo: tell('off') }]);
  expect(await world.run(failingAfter(planned, 'bake'))).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
  expect((await told()).map((line) => line.split(' ').at(-1))).toEqual(['on', 'off']);
}, 60_000);

it('a command at after-verify that fails leaves the release done, with a warning', async () => {
  const planned = await plan([
    { at: 'after-verify', run: tell('no', '7') },
    { at: 'after-verify', run: tell('yes') },
  ]);
  const result = await world.run(planned);
  expect(result).toMatchObject({ outcome: 'done', leftovers: [] });
  const warning = 'Run ./tell no 7: `./tell no 7` failed: exit 7';
  expect(releaseOperation.summary(result.state, world.services)).toMatchObject({ warnings: [warning] });
  expect(world.notes).toContain(`warning: ${warning}`);
  expect(await told()).toHaveLength(2);
  expect(await world.serving()).toEqual(Array(4).fill(`${planned.initial.version} InService healthy`));
}, 60_000);

it('a command whose process of the pipeline was killed runs again when the run is resumed, marked as repeated', async () => {
  const planned = await plan([{ at: 'before-roll', run: tell('once') }]);
  const { id } = await die(world, planned, { at: 'run-hook', how: 'made' });
  expect(await world.run(planned, { runId: id })).toMatchObject({ outcome: 'done' });
  expect((await told()).map((line) => line.split(':')[0])).toEqual(['before-roll', 'before-roll repeated']);
  expect(world.notes).toContainEqual(expect.stringContaining('is not known, so it is run again'));
}, 60_000);

it('a command that was done before the pipeline was killed is not run again', async () => {
  const planned = await plan([{ at: 'before-roll', run: tell('once') }]);
  const step = planned.steps.find(({ title }) => title === 'Run ./tell once');
  const { id } = await die(world, planned, { at: step?.id ?? '', how: 'finished' });
  expect(await world.run(planned, { runId: id })).toMatchObject({ outcome: 'done' });
  expect(await told()).toHaveLength(1);
}, 60_000);
