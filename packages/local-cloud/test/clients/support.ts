import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../../src/daemon/cloud.ts';

/** What a client of another project works with in the test that runs. */
export interface Visit {
  /** Empty at first; the client's home. */
  dir: string;
  cloud: LocalCloud;
}

/** Gives each test of the file a cloud of simulated machines, which must have reported no defect in the end. */
export function eachWithCloud(client: string): Visit {
  const visit = {} as Visit;
  const reports: unknown[] = [];
  beforeEach(async () => {
    visit.dir = await mkdtemp(path.join(tmpdir(), `gp-${client}-`));
    const report = (error: unknown) => reports.push(error);
    visit.cloud = await startLocalCloud({ dir: path.join(visit.dir, 'cloud'), driver: 'simulated', report });
  });
  afterEach(async () => {
    await visit.cloud.close();
    await rm(visit.dir, { recursive: true, force: true });
    expect(reports.splice(0)).toEqual([]);
  });
  return visit;
}
