import path from 'node:path';
import { expect } from 'vitest';
import type { Evidence, WindowCoverage } from '../../../src/analysis/types.ts';
import { type Ended, Load, type World } from './world.ts';

interface Status {
  version: string | null;
  desired: number;
  healthy: number;
  traffic: { version: string; share: number }[];
}
export interface Report {
  run: string;
  version: string;
  previous: string;
  outcome: string;
  steps: { id: string; status: string }[];
  error: { code: string; message: string; details: string[] };
  evidence: Evidence;
  window: WindowCoverage;
}
export type Images = { version: string; imageId: string; knownGood: boolean }[];

/** Lets a release be watched for long enough, and new machines fail soon. */
export async function watchClosely(world: World): Promise<void> {
  await world.configure('pipelines/api.ts', 'verifySeconds: 5,', 'verifySeconds: 12,');
  await world.configure('pipelines/api.ts', 'timeouts: { health: 60,', 'timeouts: { health: 40,');
}

/**
 * Releases a commit that changes a file, under load; `during` runs beside it. Undoes the change in the work tree afterwards.
 * @param rate Requests a second of the load.
 */
export async function releaseBad(
  world: World,
  change: { file: string; from: string; to: string },
  during?: (events: string) => Promise<void>,
  rate?: number,
) {
  await world.edit(change.file, change.from, change.to);
  await world.project.commit(`Change ${change.file}`);
  const load = new Load(world.url('api'), rate);
  await load.warm();
  const events = path.join(world.dir, `events-${Date.now()}.ndjson`);
  const running = world.start('release', 'api', '--json', '--events', events);
  const [beside] = await Promise.allSettled([during?.(events), running]);
  const result = await running;
  const total = await load.stop();
  // The next test goes on from the work tree, also when this one fails.
  await world.edit(change.file, change.to, change.from);
  await world.project.commit(`Mend ${change.file}`);
  if (beside.status === 'rejected') throw beside.reason;
  const ended: Ended = { exitCode: result.exitCode ?? -1, stdout: result.stdout, stderr: result.stderr };
  return { ended, report: JSON.parse(ended.stdout) as Report, total };
}

/** The fleet is whole on v1, which is the only known-good version. */
export async function expectBack(world: World, report: Report): Promise<void> {
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
