import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/engine/events.ts';
import type { RunResult } from '../../src/engine/execute.ts';
import { createRunId } from '../../src/engine/run-id.ts';
import type { RunEvidence } from '../../src/ledger/run-evidence.ts';
import { planRelease } from '../../src/release/plan.ts';
import type { ReleaseState } from '../../src/release/state.ts';
import { everyVersion, firstRelease, Simulated } from '../support/simulated.ts';

const crash = [
  'listening on 8080',
  '\u001b[31mError: connect ECONNREFUSED\u0007 10.0.0.5:5432',
  '    at TCPConnectWrap.afterConnect',
  'DB_PASSWORD=hunter2hunter2 was used',
];

let world: Simulated;

beforeAll(async () => {
  world = await Simulated.create([
    [
      'watch: { perSecond: 20, baselineSeconds: 4, burstSeconds: 1, latencyFloorMs: 250 },',
      'watch: { perSecond: 20, baselineSeconds: 6, burstSeconds: 1, latencyFloorMs: 250 },',
    ],
    ['verifySeconds: 5,', 'verifySeconds: 12,'],
  ]);
  const first = await world.run(await planRelease(world.services, world.clock, {}));
  expect(first.error).toBeUndefined();
}, 60_000);
afterEach(() => {
  world.answers.to = everyVersion;
  world.cloud.faults.clear();
  delete world.service.log;
});
afterAll(() => world?.close());

interface Failed {
  result: RunResult<ReleaseState>;
  error: PipelineError;
  kept: RunEvidence | undefined;
  events: RunEvent[];
}

/** A release; `during` is called when the step begins. */
async function release(step: string, during: (state: ReleaseState) => void): Promise<Failed> {
  const plan = await planRelease(world.services, world.clock, {});
  const steps = plan.steps.map((one) => ({
    ...one,
    run: async (context: Parameters<typeof one.run>[0]) => {
      if (one.id === step) during(context.state);
      await one.run(context);
    },
  }));
  const runId = createRunId(world.clock);
  const events: RunEvent[] = [];
  const result = await world.run({ ...plan, steps }, { runId, sink: (event) => events.push(event) });
  const kept = await world.services.ledger.evidence.read(runId);
  return { result, error: result.error as PipelineError, kept, events };
}

const bad = (url: string) =>
  url.endsWith('/events/open-air') ? { status: 500, body: 'no seats \u001b[2J left' } : everyVersion();

/** When the first undo began, and when the step had failed. */
function order(events: readonly RunEvent[]): string[] {
  return events
    .flatMap(({ code }) => (/^(step\.(failed|evidence)|undo\.started)$/.test(code) ? [code] : []))
    .slice(0, 3);
}

describe('the evidence of a release that fails in its verify window', () => {
  it('has logs and wrong answers from before the undo, without secrets and control characters', async () => {
    world.service.log = () => ({ from: '/srv/api/shared/log/current', lines: crash, cut: true });
    const { result, error, kept, events } = await release('verify', () => {
      world.answers.to = bad;
    });
    expect(result).toMatchObject({ outcome: 'rolled-back', error: { code: 'verify.failed' } });
    expect(order(events)).toEqual(['step.evidence', 'step.failed', 'undo.started']);
    expect(kept).toMatchObject({ step: 'verify', probes: expect.arrayContaining([]) });
    expect(kept?.instances).toHaveLength(3);
    expect(kept?.instances[0]).toMatchObject({
      state: 'healthy',
      from: '/srv/api/shared/log/current',
      lines: [
        'listening on 8080',
        'Error: connect ECONNREFUSED\ufffd 10.0.0.5:5432',
        '    at TCPConnectWrap.afterConnect',
        'DB_PASSWORD=[redacted] was used',
      ],
    });
    expect(kept?.probes).toContainEqual({
      ...{ path: '/events/open-air', at: expect.any(String), status: 500, body: 'no seats  left' },
      ...{ fault: 'answered 500', version: null },
    });
    expect(error.details).toContain('/events/open-air answered 500 with "no seats  left"');
    expect(error.details).toContain('  Error: connect ECONNREFUSED\ufffd 10.0.0.5:5432');
    expect(error.details.at(-1)).toMatch(
      /^all collected logs and answers: pipeline history api \S+ --env local --logs$/,
    );
    expect(events.find(({ code }) => code === 'step.evidence')).toMatchObject({
      step: 'verify',
      instances: [{ lines: 4, telling: expect.arrayContaining(['listening on 8080']) }, {}, {}],
    });
    expect(JSON.stringify(events)).not.toContain('hunter2hunter2');
    expect(await world.serving()).toEqual(firstRelease);
  }, 60_000);

  it.each([
    ['hosts that never answer', 4, () => undefined],
    [
      'logins that never end',
      5,
      () => {
        world.services.hosts.stream = () => new Promise(() => undefined);
      },
    ],
  ])(
    'does not delay the rollback by %s, nor fail it',
    async (_what, seconds, prepare) => {
      const { stream } = world.services.hosts;
      world.service.log = () => new Promise(() => undefined);
      prepare();
      const { result, error, kept, events } = await release('verify', () => {
        world.answers.to = bad;
      });
      expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { code: 'verify.failed' } });
      const failed = events.find(({ code }) => code === 'step.failed')?.at ?? 0;
      const begun = events.findLast(({ code, at }) => code === 'step.progress' && at < failed)?.at ?? 0;
      expect(failed - begun).toBeLessThan(8000);
      expect(kept?.instances.map(({ note }) => note)).toEqual(
        Array(3).fill(`its log could not be read within ${seconds} s`),
      );
      world.services.hosts.stream = stream;
      expect(error.details.join('\n')).toMatch(/no log of i-\w+: its log could not be read within \d s/);
      expect(await world.serving()).toEqual(firstRelease);
    },
    60_000,
  );

  it('is not missed by the rollback when the ledger refuses it', async () => {
    const { evidence } = world.services.ledger;
    world.service.log = () => ({ from: 'log', lines: crash, cut: false });
    const save = evidence.save;
    evidence.save = () => Promise.reject(new Error('the bucket is full'));
    const { result, error, kept } = await release('verify', () => {
      world.answers.to = bad;
    });
    evidence.save = save;
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    expect(kept).toBeUndefined();
    expect(world.notes).toContain('the logs could not be kept in the ledger: the bucket is full');
    expect(error.details.join('\n')).not.toContain('pipeline history');
  }, 60_000);
});

describe('the evidence of a release that fails in the roll', () => {
  it('has the logs of instances that Auto Scaling has terminated by then', async () => {
    const read: string[] = [];
    world.service.log = (id) => {
      read.push(id);
      return { from: 'log', lines: [`Error: of ${id}`], cut: false };
    };
    const { result, error, kept } = await release('roll', ({ imageId }) => {
      world.cloud.faults.add({ kind: 'never-healthy', image: imageId });
    });
    expect(result).toMatchObject({ outcome: 'rolled-back', error: { code: 'roll.failed' } });
    expect(kept?.step).toBe('roll');
    const logs = kept?.instances ?? [];
    expect(logs.length).toBeGreaterThan(0);
    expect(logs.map(({ lines }) => lines)).toEqual(logs.map(({ id }) => [`Error: of ${id}`]));
    expect(new Set(read)).toEqual(new Set(logs.map(({ id }) => id)));
    expect(error.details.join('\n')).toMatch(/log of i-\w+ \(.*unhealthy.*\), log:\n {2}Error: of i-/);
  }, 60_000);
});

describe('the evidence of a release that fails earlier', () => {
  it('is the log of the staged environment, and only what the error does not show already', async () => {
    const asked: (string | null)[] = [];
    world.service.log = (_id, { file }) => {
      asked.push(file);
      return { from: file ?? '', lines: ['booting', 'SyntaxError: Unexpected end of input'], cut: false };
    };
    world.changes.stage = () => {
      throw new PipelineError('ansible.failed', 'Ansible failed', {
        details: ['SyntaxError: Unexpected end of input'],
      });
    };
    const { result, error, kept } = await release('none', () => undefined);
    delete world.changes.stage;
    expect(result).toMatchObject({ outcome: 'rolled-back', error: { code: 'ansible.failed' } });
    expect(asked).toEqual(['/srv/api/shared/log/staging.log']);
    expect(kept).toMatchObject({ step: 'stage', instances: [{ lines: { length: 2 } }] });
    expect(error.details.filter((line) => line.includes('SyntaxError'))).toHaveLength(1);
    expect(error.details).toHaveLength(2);
    expect(error.details[1]).toMatch(/^all collected logs and answers: /);
  }, 60_000);

  it('is nothing where the new environment was never started', async () => {
    world.changes.stage = () => {
      throw new PipelineError('ansible.failed', 'npm failed', { details: ['No matching version'] });
    };
    const { error, kept } = await release('none', () => undefined);
    delete world.changes.stage;
    expect({ kept, details: error.details }).toEqual({ kept: undefined, details: ['No matching version'] });
  }, 60_000);

  it('is the log of the validation instance, with the answers that failed the smoke tests', async () => {
    world.service.log = () => ({ from: 'log', lines: crash, cut: false });
    const { error, kept } = await release('validate', () => {
      world.answers.to = () => ({ status: 503, body: 'no database' });
    });
    expect(error.code).toBe('validate.smoke');
    expect(kept).toMatchObject({ step: 'validate', instances: [{ state: 'validation instance' }] });
    expect(kept?.probes).toContainEqual(expect.objectContaining({ path: '/', status: 503, body: 'no database' }));
    expect(error.details).toContain('/ answered 503 with "no database"');
  }, 60_000);

  it('is nothing where AWS has refused something', async () => {
    const read: string[] = [];
    world.service.log = (id) => {
      read.push(id);
      return { from: 'log', lines: [] };
    };
    const { result, kept } = await release('bake', () => {
      world.changes.activate = () => {
        throw new PipelineError('aws.AccessDenied', 'not allowed');
      };
    });
    delete world.changes.activate;
    expect(result.outcome).toBe('rolled-back');
    expect({ read, kept }).toEqual({ read: [], kept: undefined });
  }, 60_000);
});
