import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from '@golden-pipeline/shared/testing/fast-check';
import { XMLValidator } from 'fast-xml-parser';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bytesOf, type WildRequest, wildRequests } from '../wire/support/wild-requests.ts';
import { FuzzWorld } from './support/fuzz-world.ts';
import { knownValue, resolveKnown } from './support/known-values.ts';

/** Clouds that are fuzzed one after the other, and requests for each. FUZZ_CLOUDS=500 for a long run. */
const clouds = Number(process.env.FUZZ_CLOUDS ?? 40);
const requestsEach = 300;
/** The same requests in every run: what another seed finds is a test of its own. FUZZ_SEED=n draws others. */
const seed = Number(process.env.FUZZ_SEED ?? 1);

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gp-fuzz-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const requests = wildRequests(knownValue);

/** Sends a request and judges the answer and what it does to the cloud a while later. */
async function send(world: FuzzWorld, request: WildRequest, what: string, ms: number): Promise<number> {
  const body = bytesOf({ ...request, body: resolveKnown(request.body, world.home) });
  const place = `${what}: ${body}`;
  const { status, document } = await world.send(request.service, body);
  expect(XMLValidator.validate(document), place).toBe(true);
  expect(document, place).not.toMatch(/<Code>Internal/);
  if (status !== 200) expect(document, place).toMatch(/<Code>[^<]+<\/Code>\s*<Message>/);
  if (ms > 0) await world.clock.advance(ms);
  expect(world.reports, place).toEqual([]);
  return status;
}

it(`serves ${clouds * requestsEach} wild requests by all services as AWS would, and keeps its state loadable`, async () => {
  const statuses = new Map<number, number>();
  const worked = new Set<string>();
  for (let round = 0; round < clouds; round++) {
    const world = new FuzzWorld();
    await world.start();
    await world.furnish();
    const drawn = fc.sample(requests, { numRuns: requestsEach, seed: seed * 1000 + round });
    for (const [index, request] of drawn.entries()) {
      const ms = index % 100 === 99 ? 600_000 : index % 10 === 9 ? 1000 : 0;
      const status = await send(world, request, `cloud ${round}, request ${index}`, ms);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status === 200) worked.add(request.operation);
    }
    const again = await world.reload(dir);
    world.close();
    await again.start();
    await again.must('ec2', 'DescribeInstances', '');
    await again.must('autoscaling', 'DescribeAutoScalingGroups', '');
    await again.must('elasticloadbalancing', 'DescribeTargetGroups', '');
    expect(again.reports).toEqual([]);
    again.close();
  }
  // Else it would only ever test refusals.
  expect(statuses.get(200)).toBeGreaterThan((clouds * requestsEach) / 8);
  expect(worked.size, 'operations that were done').toBeGreaterThan(Math.min(60, clouds * 5));
}, 600_000);
