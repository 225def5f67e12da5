import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { groupInstances, terminateInstance } from '../../../src/aws/instances.ts';
import { openJournal } from '../../../src/engine/journal-writer.ts';
import { createRunId } from '../../../src/engine/run-id.ts';
import { planRelease } from '../../../src/release/plan.ts';
import { undoPlanOf } from '../../runner/support/undo-plan-of.ts';
import { firstRelease, Simulated } from '../../support/simulated.ts';
import { SimulatedMigrations, unreachable, withMigration } from '../support/simulated-migrations.ts';

const migration = { command: ['bin/backfill', 'two words'], when: 'after-roll', timeoutSeconds: 600 } as const;

describe.each(['rolling', 'blue-green'] as const)('an after-roll migration of a %s fleet', (strategy) => {
  let world: Simulated;
  let migrations: SimulatedMigrations;

  const plan = () => planRelease(world.services, world.clock, {});
  const notUndone = 'what the migration has changed in the database is not undone';
  const mayRun = () => {
    const host = migrations.started[0]?.instanceId;
    return `the migration may still run on ${host}: stop it there, unless the instance is terminated`;
  };
  const warningsOf = (state: object) => (state as { warnings?: string[] }).warnings;

  beforeAll(async () => {
    world = await Simulated.create([], {
      settings: withMigration(
        { ...migration, command: [...migration.command] },
        { strategy, verifySeconds: 5, stepSeconds: 1, rollbackWindow: 400 },
      ),
    });
    migrations = new SimulatedMigrations(world);
    expect(await world.run(await plan())).toMatchObject({ outcome: 'done' });
    expect(migrations.started).toHaveLength(1);
  }, 60_000);
  afterAll(() => world?.close());
  beforeEach(() => {
    migrations.started.length = 0;
    Object.assign(migrations, { lasts: 3000, exit: 0, before: () => undefined });
  });

  it('runs on an instance in service of the new version, before the fleet is verified', async () => {
    const planned = await plan();
    const ids = planned.steps.map(({ id }) => id);
    expect(ids.slice(ids.indexOf('migrate') - 1, ids.indexOf('migrate') + 2)).toEqual([
      strategy === 'rolling' ? 'roll' : 'promote',
      'migrate',
      'verify',
    ]);
    const result = await world.run(planned);
    expect(result.outcome).toBe('done');
    const serving = await groupInstances(world.aws.ec2, result.state.group);
    const host = serving.find(({ id }) => id === migrations.started[0]?.instanceId);
    expect(host?.version).toBe(planned.initial.version);
    expect(migrations.started).toHaveLength(1);
  }, 60_000);

  it('that fails brings the version before back', async () => {
    migrations.exit = 1;
    const before = (await plan()).initial.current.version;
    expect(await world.run(await plan())).toMatchObject({
      outcome: 'rolled-back',
      leftovers: [],
      error: { code: 'migration.failed' },
    });
    expect(await world.serving()).toEqual(
      expect.arrayContaining(firstRelease.map((line) => line.replace('v1', before ?? ''))),
    );
  }, 60_000);

  it.each(['waitReachable', 'stop'])(
    'is not waited for when %s does not answer: the rollback is late by seconds only, and warns that it may still run',
    async (silent) => {
      migrations.lasts = 300_000;
      const interrupt = new AbortController();
      let readings = 0;
      migrations.before = (action) => {
        if (action === 'stop') throw unreachable();
        if (action === 'status' && ++readings === 4) {
          interrupt.abort(new PipelineError('interrupted', 'Ctrl-C', { outcome: 'interrupted' }));
        }
      };
      const { hosts } = world.services;
      const { waitReachable } = hosts;
      const limits: number[] = [];
      hosts.waitReachable = async (host, limit) => {
        const isOther = host.instanceId !== migrations.started[0]?.instanceId;
        if (silent !== 'waitReachable' || isOther || !interrupt.signal.aborted) return waitReachable(host, limit);
        limits.push(limit);
        throw unreachable();
      };
      const before = (await plan()).initial.current.version;
      const result = await world.run(await plan(), { signal: interrupt.signal });
      hosts.waitReachable = waitReachable;
      expect(result).toMatchObject({ outcome: 'interrupted', leftovers: [] });
      expect(limits.filter((limit) => limit > 10_000)).toEqual([]);
      expect(limits.length > 0).toBe(silent === 'waitReachable');
      expect(world.notes).toContainEqual(expect.stringMatching(/^i-\w+ does not answer \(Connection timed out\)$/));
      expect(warningsOf(result.state)).toEqual([mayRun(), notUndone]);
      const group = await groupInstances(world.aws.ec2, result.state.group);
      expect(group.map(({ id }) => id)).not.toContain(migrations.started[0]?.instanceId);
      expect((await plan()).initial.current.version).toBe(before);
    },
    60_000,
  );

  it.each([
    ['ssh.failed', 'sudo: a password is required'],
    ['wait.timeout', 'gave up waiting for the migration to stop'],
  ])(
    'that cannot be stopped on an instance that answers (%s) is left over until an abort',
    async (...fault) => {
      migrations.lasts = 300_000;
      const interrupt = new AbortController();
      let readings = 0;
      migrations.before = (action) => {
        if (action === 'stop') throw new PipelineError(...fault);
        if (action === 'status' && ++readings === 4) {
          interrupt.abort(new PipelineError('interrupted', 'Ctrl-C', { outcome: 'interrupted' }));
        }
      };
      const planned = await plan();
      const runId = createRunId(world.clock);
      const result = await world.run(planned, { signal: interrupt.signal, runId });
      expect(result).toMatchObject({
        outcome: 'manual-intervention',
        leftovers: [expect.stringMatching(`^Migrate the data: ${fault[1]}`)],
      });
      expect(warningsOf(result.state)).toEqual([mayRun(), notUndone]);
      expect((await plan()).initial.current.version).toBe(planned.initial.current.version);
      migrations.before = () => undefined;
      const journal = await openJournal(world.services.ledger, runId, world.clock);
      await journal.write({ type: 'run.reopened' });
      const undo = await undoPlanOf(world, { id: runId, command: 'pipeline release api', app: 'api' } as never);
      if (!undo) throw new Error('nothing to undo');
      const aborted = await world.run(undo, { signal: AbortSignal.abort(new Error('it died')), runId });
      expect(aborted.leftovers).toEqual([]);
      expect(warningsOf(aborted.state)).toEqual([notUndone]);
    },
    60_000,
  );

  it('is not known to have ended when its instance is terminated', async () => {
    migrations.lasts = 300_000;
    let readings = 0;
    migrations.before = async (action, { instanceId }) => {
      if (action !== 'status' || ++readings < 4) return;
      if (readings === 4) await terminateInstance(world.aws.ec2, instanceId);
      throw unreachable();
    };
    const result = await world.run(await plan());
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { code: 'migration.unknown' } });
    expect(String(result.error)).toMatch(/the instance is (shutting-down|terminated)/);
  }, 60_000);
});
