import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readListener } from '../../src/aws/listeners.ts';
import { execute } from '../../src/engine/execute.ts';
import { createRunId } from '../../src/engine/run-id.ts';
import { readPageOn } from '../../src/tasks/maintenance-rules.ts';
import { planTask } from '../../src/tasks/plan.ts';
import { maintenanceOn } from '../../src/tasks/ready.ts';
import { rehearse } from '../tasks/support/rehearsal.ts';
import { undoPlanOf } from './support/undo-plan-of.ts';

it('the changes of a killed task are undone from another host, with its inputs', async () => {
  const stage = await rehearse();
  onTestFinished(() => stage.close());
  const { services, fleet, clock } = stage;
  const { ledger } = services;
  const { appendJournal } = ledger;
  await writeFile(path.join(stage.dir, 'soon.html'), 'back soon');
  const task = maintenanceOn({ page: 'soon.html' });
  const inputs = { for: 3_600_000 };
  const { arn } = await readListener(services.aws.elb, fleet.names.loadBalancer, fleet.balancer.listenerPort);
  const isOn = async () => (await readPageOn(services, arn)) !== undefined;

  const crashed = new AbortController();
  const runId = createRunId(clock);
  // It dies as soon as the page is there, and writes nothing more.
  services.probe = async () => {
    crashed.abort(new Error('killed'));
    return { status: 200, body: '', ms: 1 };
  };
  ledger.appendJournal = (...entry) =>
    crashed.signal.aborted ? Promise.reject(crashed.signal.reason) : appendJournal(...entry);
  const plan = await planTask(services, clock, { name: 'page', steps: await task.steps(inputs, fleet), inputs });
  const common = { services, clock, sink: () => undefined, journal: ledger, runId };
  await execute(plan, { ...common, signal: new AbortController().signal, lost: crashed.signal });
  ledger.appendJournal = appendJournal;
  expect(await isOn()).toBe(true);

  const record = { id: runId, command: 'pipeline api page', app: 'api' } as never;
  await expect(undoPlanOf(stage, record)).rejects.toMatchObject({ code: 'undo.unknown' });
  const undo = await undoPlanOf(stage, record, { task: async (name) => (name === 'page' ? task : undefined) });
  if (!undo) throw new Error('nothing to undo');
  const result = await execute(undo, { ...common, signal: AbortSignal.abort(new Error('it died')) });
  expect(result).toMatchObject({ outcome: 'interrupted', leftovers: [] });
  expect(await isOn()).toBe(false);
});
