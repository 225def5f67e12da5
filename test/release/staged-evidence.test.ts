import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRunId } from '../../src/engine/run-id.ts';
import { planRelease } from '../../src/release/plan.ts';
import { Simulated } from '../support/simulated.ts';
import { SimulatedMigrations, withMigration } from './support/simulated-migrations.ts';

let world: Simulated;
beforeAll(async () => {
  const migration = { command: ['bin/migrate'], when: 'before-roll', timeoutSeconds: 60 } as const;
  world = await Simulated.create([], { settings: withMigration({ ...migration, command: [...migration.command] }) });
  new SimulatedMigrations(world);
  expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
}, 60_000);
afterAll(() => world?.close());

it('the evidence of a release whose new version does not start after its migration is the log of the staged environment', async () => {
  const read: (string | null)[] = [];
  world.service.log = (_id, { file }) => {
    read.push(file);
    return { from: file ?? '', lines: ['booting', 'Error: no column seats'], cut: false };
  };
  const plan = await planRelease(world.services, world.clock, {});
  const steps = plan.steps.map((one) => ({
    ...one,
    async run(context: Parameters<typeof one.run>[0]) {
      if (one.id === 'start-staged') {
        world.changes.stage = () => {
          throw new PipelineError('ansible.failed', 'Ansible failed', { details: ['it is not healthy'] });
        };
      }
      await one.run(context);
    },
  }));
  const runId = createRunId(world.clock);
  const { outcome, error } = await world.run({ ...plan, steps }, { runId });
  expect(outcome).toBe('rolled-back');
  expect(read).toEqual(['/srv/api/shared/log/staging.log']);
  const kept = await world.services.ledger.evidence.read(runId);
  expect(kept).toMatchObject({ step: 'start-staged', instances: [{ lines: ['booting', 'Error: no column seats'] }] });
  expect((error as PipelineError).details.join('\n')).toContain('Error: no column seats');
}, 60_000);
