import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CreateRuleCommand, DescribeRulesCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readListener, readRoutes } from '../../src/aws/listeners.ts';
import { readRules } from '../../src/aws/rules.ts';
import { tagKeys } from '../../src/aws/tags.ts';
import { fleetChecks } from '../../src/doctor/fleet.ts';
import type { DoctorServices } from '../../src/doctor/services.ts';
import { readStatus } from '../../src/status/read.ts';
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

/** Run and end of the page's two rules. */
async function tags() {
  const { fleet, aws } = stage;
  const { arn } = await readListener(aws.elb, fleet.names.loadBalancer, fleet.balancer.listenerPort);
  return (await readRules(aws.elb, arn))
    .filter((rule) => rule.priority > 10)
    .map(({ tags: all }) => ({ [tagKeys.run]: all[tagKeys.run], [tagKeys.until]: all[tagKeys.until] }));
}

const validation = { priority: 10, type: 'forward', body: undefined, header: ['on'] };
const probes = { priority: 11, type: 'forward', body: undefined, header: ['fleet'] };
const page = { priority: 12, type: 'fixed-response', body: '<h1>Back soon</h1>', header: undefined };

describe('the maintenance page', () => {
  it('is put on behind the validation route and a path for probes, can be put on twice, and is removed', async () => {
    expect((await stage.run(on)).outcome).toBe('done');
    expect(await rules()).toEqual([validation, probes, page]);
    await writeFile(path.join(stage.dir, 'back-soon.html'), '<h1>Sooner</h1>');
    expect((await stage.run(on)).outcome).toBe('done');
    expect(await rules()).toEqual([validation, probes, { ...page, body: '<h1>Sooner</h1>' }]);
    expect((await stage.run(off)).outcome).toBe('done');
    expect(await rules()).toEqual([validation]);
    expect((await stage.run(off)).outcome).toBe('done');
    expect(stage.notes.at(-1)).toBe('no maintenance page was on');
  });

  it('is removed automatically after its duration', async () => {
    expect((await stage.run(on, { for: 5000 })).outcome).toBe('done');
    expect(stage.notes).toEqual([
      expect.stringMatching(/^the maintenance page is on until \S+Z; this command stays/),
      'the maintenance page is off',
    ]);
    expect(await rules()).toEqual([validation]);
  });

  it('is removed on Ctrl-C while it waits', async () => {
    const interrupt = new AbortController();
    const running = stage.run(on, { for: 3_600_000 }, interrupt.signal);
    await stage.until(() => stage.notes.length > 0);
    expect(await rules()).toContainEqual(page);
    interrupt.abort(new Error('Ctrl-C'));
    expect(await running).toMatchObject({ outcome: 'interrupted', leftovers: [] });
    expect(await rules()).toEqual([validation]);
  });

  it('is restored to its previous content when the run fails afterwards', async () => {
    await stage.run(on, { for: 3_600_000 }, AbortSignal.abort(new Error('Ctrl-C')));
    expect(await rules()).toEqual([validation]);
    await stage.run(on);
    const [first] = await tags();
    await writeFile(path.join(stage.dir, 'back-soon.html'), '<h1>Sooner</h1>');
    const interrupt = new AbortController();
    const failing = stage.run(on, { for: 3_600_000 }, interrupt.signal);
    await stage.until(rules, (all) => all.some((rule) => rule.body?.includes('Sooner')));
    expect((await tags())[0]?.[tagKeys.until]).toBeDefined();
    interrupt.abort(new Error('Ctrl-C'));
    expect(await failing).toMatchObject({ outcome: 'interrupted', leftovers: [] });
    expect(await rules()).toEqual([validation, probes, page]);
    expect(await tags()).toEqual([first, first]);
  });

  it('of another run that was put on since survives an undo', async () => {
    await stage.run(on);
    const interrupt = new AbortController();
    const failing = stage.run(on, { for: 3_600_000 }, interrupt.signal);
    await stage.until(tags, (all) => all[0]?.[tagKeys.until] !== undefined);
    await stage.run(on);
    const theirs = await tags();
    interrupt.abort(new Error('Ctrl-C'));
    expect(await failing).toMatchObject({ outcome: 'interrupted', leftovers: [] });
    expect(await tags()).toEqual(theirs);
  });

  it("is removed at its end only if it is the run's own", async () => {
    const timed = stage.run(on, { for: 20_000 });
    await stage.until(() => stage.notes.length > 0);
    await stage.run(on);
    expect(await timed).toMatchObject({ outcome: 'done' });
    expect(stage.notes.at(-1)).toMatch(/^the page that is on by now is that of run \S+: it stays$/);
    expect(await rules()).toEqual([validation, probes, page]);
  });

  it('is reported by status and doctor with its end, and as an error when it is overdue without an active run', async () => {
    const inspect = async (locked = false, ahead = 0) => {
      const clock = { ...stage.clock, now: () => stage.clock.now() + ahead };
      const services: DoctorServices = {
        ...stage.services,
        identity: async () => ({ account: '', arn: '' }),
        vcpuQuota: async () => undefined,
      };
      const checks = fleetChecks(services, locked, clock);
      const [found] = (await checks.find(({ id }) => id === 'fleet.maintenance')?.run()) ?? [];
      return `${found?.severity}: ${found?.message}`;
    };
    expect(await inspect()).toBe('ok: no maintenance page is on');
    expect((await readStatus(stage.services)).maintenance).toBeNull();
    await stage.run(on);
    expect(await inspect()).toBe('warning: the maintenance page is on');
    expect((await readStatus(stage.services)).maintenance).toEqual({ run: expect.any(String), until: null });
    const interrupt = new AbortController();
    const timed = stage.run(on, { for: 3_600_000 }, interrupt.signal);
    await stage.until(() => stage.notes.length >= 2);
    const { maintenance } = await readStatus(stage.services);
    expect(Date.parse(maintenance?.until ?? '')).toBeGreaterThan(stage.clock.now());
    expect(await inspect()).toBe(`warning: the maintenance page is on until ${maintenance?.until}`);
    const over = `the maintenance page is on, and its end was ${maintenance?.until}`;
    expect(await inspect(false, 3_600_000)).toBe(`error: ${over}`);
    expect(await inspect(true, 3_600_000)).toBe(`warning: ${over}`);
    interrupt.abort(new Error('Ctrl-C'));
    await timed;
  });

  it('is refused when its file is missing or too large, or its priority is in use', async () => {
    for (const wrong of [{ status: 301 }, { status: 5030 }, { contentType: 'image/png' }]) {
      const task = maintenanceOn({ page: 'back-soon.html', ...wrong });
      await expect(stage.run(task)).rejects.toMatchObject({ code: 'maintenance.page', outcome: 'usage' });
    }
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
