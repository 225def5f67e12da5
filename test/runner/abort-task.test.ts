import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readListener } from '../../src/aws/listeners.ts';
import { listOpenings } from '../../src/aws/security-groups.ts';
import { runnerContext } from '../../src/cli/runner-context.ts';
import { abort as abortRun } from '../../src/runner/abort.ts';
import { readPageOn } from '../../src/tasks/maintenance-rules.ts';
import { planTask } from '../../src/tasks/plan.ts';
import { maintenanceOff, maintenanceOn, openSecurityGroup } from '../../src/tasks/ready.ts';
import type { Task } from '../../src/tasks/types.ts';
import { fakeContext } from '../cli/support/fake-context.ts';
import { type Death, die } from '../support/dying.ts';
import { type Rehearsal, rehearse } from '../tasks/support/rehearsal.ts';
import { runnerOfTest } from './support/runner-context.ts';

const text = `import { definePipeline, maintenanceOff, maintenanceOn, openSecurityGroup } from 'golden-pipeline';
export default definePipeline({
  app: 'api',
  source: {},
  ansible: { playbook: 'ansible/api.yml' },
  service: { port: 3000 },
  environments: { local: { cloud: 'local' } },
  tasks: {
    on: maintenanceOn({ page: 'soon.html' }),
    off: maintenanceOff(),
    open: openSecurityGroup({ ssh: { port: 22 } }),
  },
});
`;

let stage: Rehearsal;

beforeEach(async () => {
  stage = await rehearse();
  await writeFile(path.join(stage.dir, 'soon.html'), 'back soon');
  await writeFile(path.join(stage.dir, 'pipelines', 'api.ts'), text);
  stage.answer = async () => ((await isOn()) ? { status: 503, body: 'back soon' } : { status: 200, body: '' });
});
afterEach(() => stage.close());

const isOn = async () => {
  const { services, fleet } = stage;
  const { arn } = await readListener(services.aws.elb, fleet.names.loadBalancer, fleet.balancer.listenerPort);
  return (await readPageOn(services, arn)) !== undefined;
};

async function dies(name: string, task: Task, inputs: Record<string, unknown>, death: Death) {
  const { services, fleet, clock } = stage;
  const plan = await planTask(services, clock, { name, steps: await task.steps(inputs, fleet), inputs });
  await die(stage, plan, death, `pipeline api ${name}`);
}

async function abort() {
  const context = fakeContext(['abort', 'api'], { clock: stage.clock, cwd: stage.dir });
  const { project } = runnerContext(context, {}, stage.fleet);
  const runner = runnerOfTest(stage.clock, 'pipeline abort api', { project });
  const ended = await abortRun(runner, stage.services, 'pipeline abort');
  return { outcome: ended?.run.outcome, messages: runner.messages };
}

describe('a task whose process crashed', () => {
  it('leaves no port open', async () => {
    const task = openSecurityGroup({ ssh: { port: 22 } });
    await dies('open', task, { name: 'ssh' }, { at: 'open-port', how: 'made' });
    const open = () => listOpenings(stage.aws.ec2, { app: 'api' }, 'local');
    expect(await open()).toHaveLength(1);
    expect(await abort()).toMatchObject({ outcome: 'interrupted' });
    expect(await open()).toEqual([]);
  });

  it('leaves no maintenance page on', async () => {
    await dies('on', maintenanceOn({ page: 'soon.html' }), {}, { at: 'create-rule', how: 'made' });
    expect(await abort()).toMatchObject({
      outcome: 'interrupted',
      messages: expect.arrayContaining([{ code: 'undo.started', title: expect.stringContaining('Put the') }]),
    });
    expect(await isOn()).toBe(false);
  });

  it('is repeated, and not undone, where it only goes forward', async () => {
    expect((await stage.run(maintenanceOn({ page: 'soon.html' }))).outcome).toBe('done');
    await dies('off', maintenanceOff(), {}, { at: 'delete-rule', how: 'made' });
    const { messages } = await abort();
    const title = 'Take the maintenance page off';
    expect(messages).toContainEqual({ code: 'undo.unsupported', title, command: 'pipeline api off' });
  });
});
