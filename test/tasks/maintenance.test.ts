import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CreateRuleCommand, DescribeRulesCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readListener, readRoutes } from '../../src/aws/listeners.ts';
import { maintenanceOff, maintenanceOn } from '../../src/tasks/ready.ts';
import { type Rehearsal, rehearse } from './support/rehearsal.ts';

let stage: Rehearsal;
const on = maintenanceOn({ page: 'back-soon.html' });
const off = maintenanceOff();

beforeEach(async () => {
  stage = await rehearse();
  await writeFile(path.join(stage.dir, 'back-soon.html'), '<h1>Back soon</h1>');
  // What a balancer with these rules answers.
  stage.answer = async () => {
    const body = (await rules()).find((rule) => rule.type === 'fixed-response')?.body;
    return body === undefined ? { status: 200, body: 'the site' } : { status: 503, body };
  };
});
afterEach(() => stage.close());

async function rules() {
  const { fleet, aws } = stage;
  const { arn } = await readListener(aws.elb, fleet.names.loadBalancer, fleet.balancer.listenerPort);
  const { Rules } = await aws.elb.send(new DescribeRulesCommand({ ListenerArn: arn }));
  return (Rules ?? [])
    .filter((rule) => !rule.IsDefault)
    .map((rule) => ({
      priority: Number(rule.Priority),
      type: rule.Actions?.[0]?.Type,
      body: rule.Actions?.[0]?.FixedResponseConfig?.MessageBody,
      header: rule.Conditions?.[0]?.HttpHeaderConfig?.Values,
    }));
}

const proof = { priority: 10, type: 'forward', body: undefined, header: ['on'] };
const probes = { priority: 11, type: 'forward', body: undefined, header: ['fleet'] };
const page = { priority: 12, type: 'fixed-response', body: '<h1>Back soon</h1>', header: undefined };

describe('the maintenance page', () => {
  it('goes on behind the proof route and a way for probes, stays on when it is on, and goes off', async () => {
    expect((await stage.run(on)).outcome).toBe('done');
    expect(await rules()).toEqual([proof, probes, page]);
    await writeFile(path.join(stage.dir, 'back-soon.html'), '<h1>Sooner</h1>');
    expect((await stage.run(on)).outcome).toBe('done');
    expect(await rules()).toEqual([proof, probes, { ...page, body: '<h1>Sooner</h1>' }]);
    expect((await stage.run(off)).outcome).toBe('done');
    expect(await rules()).toEqual([proof]);
    expect((await stage.run(off)).outcome).toBe('done');
    expect(stage.notes.at(-1)).toBe('no maintenance page was on');
  });

  it('goes off by itself after its time', async () => {
    expect((await stage.run(on, { for: 5000 })).outcome).toBe('done');
    expect(stage.notes).toEqual(['the maintenance page is on', 'the maintenance page is off']);
    expect(await rules()).toEqual([proof]);
  });

  it('goes off on Ctrl-C while it waits', async () => {
    const interrupt = new AbortController();
    const running = stage.run(on, { for: 3_600_000 }, interrupt.signal);
    while (!stage.notes.includes('the maintenance page is on')) await stage.clock.sleep(100);
    expect(await rules()).toContainEqual(page);
    interrupt.abort(new Error('Ctrl-C'));
    expect(await running).toMatchObject({ outcome: 'interrupted', left: [] });
    expect(await rules()).toEqual([proof]);
  });

  it('refuses a page that is missing or too large, and a priority that is taken', async () => {
    const missing = maintenanceOn({ page: 'nowhere.html' });
    await expect(stage.run(missing)).rejects.toMatchObject({ code: 'maintenance.page', outcome: 'usage' });
    await writeFile(path.join(stage.dir, 'back-soon.html'), 'ä'.repeat(600));
    await expect(stage.run(on)).rejects.toThrow('1200 bytes');
    await writeFile(path.join(stage.dir, 'back-soon.html'), 'soon');
    const { fleet, aws } = stage;
    const { arn } = await readListener(aws.elb, fleet.names.loadBalancer, fleet.balancer.listenerPort);
    await aws.elb.send(
      new CreateRuleCommand({
        ListenerArn: arn,
        Priority: 12,
        Conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/x'] } }],
        Actions: (await readRoutes(aws.elb, arn))[0]?.actions,
      }),
    );
    const result = await stage.run(on);
    expect(result.error).toMatchObject({ code: 'maintenance.priority' });
    expect((await rules()).map((rule) => rule.priority)).toEqual([10, 12]);
  });
});
