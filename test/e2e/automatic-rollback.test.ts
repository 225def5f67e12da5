import path from 'node:path';
import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Evidence } from '../../src/steps/support/watch/types.ts';
import { stepBegins } from './support/events.ts';
import { type Ended, Load, World } from './support/world.ts';

interface Status {
  version: string | null;
  desired: number;
  healthy: number;
  traffic: { version: string; share: number }[];
}
interface Report {
  version: string;
  previous: string;
  outcome: string;
  steps: { id: string; status: string }[];
  error: { code: string; message: string; details: string[] };
  evidence: Evidence;
}
interface LocalCloud {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  loadBalancers: { app: string; url: string }[];
}
type Images = { version: string; imageId: string; knownGood: boolean }[];

let world: World;
let url: string;
let cloudWatch: CloudWatchClient;

const openAir = `router.get('/events/:id', (_request, response, { id }) => {`;
const start = `router.get('/', (_request, response) => send(response, 200, availability(config)));`;
const startAfter = (ms: number) =>
  `router.get('/', (_request, response) => setTimeout(() => send(response, 200, availability(config)), ${ms}));`;

beforeAll(async () => {
  world = await World.create();
  await world.edit('pipelines/api.ts', 'verifySeconds: 5,', 'verifySeconds: 12,');
  await world.edit('pipelines/api.ts', 'timeouts: { health: 60,', 'timeouts: { health: 15,');
  // A version before that has something to be compared with.
  await world.edit('examples/api/src/api.js', start, startAfter(40));
  await world.project.commit('Answers take 40 ms');
  const up = await world.json<LocalCloud>('local', 'up');
  url = up.loadBalancers.find((one) => one.app === 'api')?.url ?? '';
  const { endpoint, region, accessKeyId, secretAccessKey } = up;
  cloudWatch = new CloudWatchClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  await cloudWatch.send(
    new PutMetricAlarmCommand({
      AlarmName: 'api-errors',
      Namespace: 'AWS/ApplicationELB',
      MetricName: 'HTTPCode_Target_5XX_Count',
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 10,
      ComparisonOperator: 'GreaterThanThreshold',
    }),
  );
  await setAlarm('OK');
  await world.edit('pipelines/api.ts', 'verifySeconds: 12,', "verifySeconds: 12, alarms: ['api-errors'],");
  await world.project.commit('An alarm judges releases');
  await world.json('release', 'api');
});
afterAll(async () => {
  cloudWatch?.destroy();
  await world?.close();
});

async function setAlarm(StateValue: 'OK' | 'ALARM'): Promise<void> {
  const StateReason = 'Threshold Crossed: 25 errors in a minute';
  await cloudWatch.send(new SetAlarmStateCommand({ AlarmName: 'api-errors', StateValue, StateReason }));
}

/** Releases a commit that changes a file, under load; `during` runs beside it. Undoes the change in the work tree afterwards. */
async function releaseBad(
  change: { file: string; from: string; to: string },
  during?: (events: string) => Promise<void>,
) {
  await world.edit(change.file, change.from, change.to);
  await world.project.commit(`Change ${change.file}`);
  const load = new Load(url);
  await load.warm();
  const events = path.join(world.dir, `events-${Date.now()}.ndjson`);
  const running = world.start('release', 'api', '--json', '--events', events);
  await during?.(events);
  const result = await running;
  const total = await load.stop();
  await world.edit(change.file, change.to, change.from);
  await world.project.commit(`Mend ${change.file}`);
  const ended: Ended = { exitCode: result.exitCode ?? -1, stdout: result.stdout, stderr: result.stderr };
  return { ended, report: JSON.parse(ended.stdout) as Report, total };
}

/** The fleet is whole on v1, which is the only known-good version. */
async function expectBack(report: Report): Promise<void> {
  expect(await world.json<Status>('status', 'api')).toMatchObject({
    version: 'v1',
    desired: 4,
    healthy: 4,
    traffic: [{ version: 'v1', share: 1 }],
  });
  const images = await world.json<Images>('images', 'api');
  expect(images.filter((image) => image.knownGood).map((image) => image.version)).toEqual(['v1']);
  expect(report).toMatchObject({ outcome: 'rolled-back', previous: 'v1' });
}

describe('a bad release ends on the old version by itself, with exit code 3', () => {
  it('when new machines never get healthy in the roll: no request fails', async () => {
    const { ended, report, total } = await releaseBad(
      { file: 'examples/api/config.json', from: 'Opening night', to: 'Opening Night' },
      async (events) => {
        await stepBegins(events, 'prove');
        const bad = (await world.json<Images>('images', 'api')).find((image) => image.version !== 'v1');
        const fault = ['local', 'fault', 'never-healthy', '--group', 'api-local', '--image', bad?.imageId ?? ''];
        expect(await world.pipeline(...fault)).toMatchObject({ exitCode: 0 });
      },
    );
    expect(ended.exitCode, ended.stderr).toBe(3);
    expect(report).toMatchObject({ error: { code: 'roll.failed' }, evidence: { phase: 'roll', before: 'v1' } });
    expect(report.evidence.faults.map((fault) => fault.check)).toEqual(['targets']);
    expect(report.evidence.targets.length).toBeGreaterThan(0);
    expect(total.failures).toEqual({});
    expect(total.requests / total.seconds).toBeGreaterThan(500);
    await world.pipeline('local', 'fault', 'clear');
    await expectBack(report);
  });

  it('when the app is healthy but a path answers 500: caught by the probes, other paths do not fail', async () => {
    const { ended, report, total } = await releaseBad({
      file: 'examples/api/src/api.js',
      from: openAir,
      to: `${openAir}\n    if (id === 'open-air') return send(response, 500, { error: 'no such column' });`,
    });
    expect(ended.exitCode, ended.stderr).toBe(3);
    expect(['roll.failed', 'verify.failed']).toContain(report.error.code);
    expect(ended.stderr).toMatch(/\/events\/open-air.* answered 500/);
    const probed = report.evidence.probes.find((one) => one.path === '/events/open-air');
    expect(probed?.before).toMatchObject({ failed: 0 });
    expect(probed?.byVersion[report.version]?.failed).toBe(probed?.byVersion[report.version]?.samples);
    expect(report.evidence.targets).toEqual([]);
    expect(total.failures).toEqual({});
    await expectBack(report);
  });

  it('when the app answers ten times slower: caught by its times, no request fails', async () => {
    const { ended, report, total } = await releaseBad({
      file: 'examples/api/src/api.js',
      from: startAfter(40),
      to: startAfter(400),
    });
    expect(ended.exitCode, ended.stderr).toBe(3);
    expect(report.evidence.faults.map((fault) => fault.check)).toContain('latency');
    const probed = report.evidence.probes.find((one) => one.path === '/');
    expect(probed?.before?.medianMs).toBeLessThan(250);
    expect(probed?.byVersion[report.version]?.medianMs).toBeGreaterThanOrEqual(400);
    expect(total.failures).toEqual({});
    await expectBack(report);
  });

  it.each([
    ['roll', 'the instance refresh'],
    ['verify', 'alarm api-errors rings'],
  ])('when an alarm goes off in the step %s: no request fails', async (step, says) => {
    const { ended, report, total } = await releaseBad(
      { file: 'examples/api/config.json', from: 'Opening night', to: 'Opening Night' },
      async (events) => {
        await stepBegins(events, step);
        await setAlarm('ALARM');
      },
    );
    await setAlarm('OK');
    expect(ended.exitCode, ended.stderr).toBe(3);
    expect(report.error.code).toBe(`${step}.failed`);
    expect(ended.stderr).toContain(says);
    expect(ended.stderr).toContain('api-errors');
    expect(total.failures).toEqual({});
    await expectBack(report);
  });
});

describe('a good release', () => {
  it('is not taken back, and is known-good after its window', async () => {
    await world.project.change('All is well');
    const release = await world.json<Report>('release', 'api');
    const images = await world.json<Images>('images', 'api');
    expect(images.find((image) => image.version === release.version)?.knownGood).toBe(true);
  });
});
