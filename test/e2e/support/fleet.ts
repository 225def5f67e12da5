import { expect } from 'vitest';
import type { World } from './world.ts';

/** What `pipeline status` prints of a fleet, as far as tests look at it. */
export interface Status {
  version: string | null;
  desired: number;
  healthy: number;
  instances: { id: string; version: string; lifecycle: string; health: string; address: string }[];
  lock: { owner: string } | null;
}

/** The fleet is whole: every machine in service, healthy and on one version, nothing locked or left over. */
export async function expectWhole(world: World, version: string): Promise<void> {
  const status = await world.json<Status>('status', 'api');
  expect(status).toMatchObject({ version, desired: 4, healthy: 4, lock: null });
  expect(status.instances.map(({ version: serves, lifecycle, health }) => ({ serves, lifecycle, health }))).toEqual(
    Array(4).fill({ serves: version, lifecycle: 'InService', health: 'healthy' }),
  );
}
