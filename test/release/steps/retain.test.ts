import { CloudError } from 'golden-pipeline-local-cloud/model';
import { afterEach, describe, expect, it } from 'vitest';
import { createPlan } from '../../../src/engine/plan.ts';
import type { FleetFacts, Services } from '../../../src/fleet/services.ts';
import { retain } from '../../../src/release/steps/retain.ts';
import { hour, TestFleet } from '../../retention/support/fleet.ts';

let fleet: TestFleet;
afterEach(() => fleet.cloud.close());

type Facts = Pick<FleetFacts, 'current'> & { imageId?: string };

/** The end of a release that serves `imageId`. */
async function run(imageId?: string, signal?: AbortSignal) {
  const plan = await createPlan<Services, Facts>({
    operation: 'release',
    app: 'api',
    environment: 'test',
    steps: [retain],
    initial: { imageId, current: { templateId: '', templateVersion: '1' } },
    services: fleet.services,
    clock: fleet.cloud.clock,
  });
  return fleet.run(plan, signal);
}

describe('retain', () => {
  it('disables what is no longer kept and deletes it with a later release', async () => {
    fleet = await TestFleet.create({ retireGraceHours: 1 });
    for (let n = 0; n < 4; n++) await fleet.release();
    expect(await run()).toMatchObject({ outcome: 'done' });
    expect(fleet.images()).toEqual(['v1 disabled', 'v2 disabled', 'v3 available', 'v4 available']);
    expect(fleet.notes.at(-1)).toBe('4 images are kept');
    await fleet.cloud.clock.advance(hour);
    await run();
    expect(fleet.images()).toEqual(['v3 available', 'v4 available']);
    expect(fleet.notes.at(-1)).toBe('2 images are kept');
  });

  it('keeps the images of its own run', async () => {
    fleet = await TestFleet.create();
    const { imageId } = await fleet.release();
    for (let n = 0; n < 3; n++) await fleet.release();
    await run(imageId);
    expect(fleet.images()).toEqual(['v1 available', 'v3 available', 'v4 available']);
  });

  it('enables an image again that comes into use while it is being disabled', async () => {
    fleet = await TestFleet.create({ retireGraceHours: 1 });
    const { imageId } = await fleet.release();
    for (let n = 0; n < 2; n++) await fleet.release();
    fleet.cloud.between = async (operation) => {
      if (operation === 'DisableImage') await fleet.launch(imageId);
    };
    await run();
    expect(fleet.images()).toEqual(['v1 available', 'v2 available', 'v3 available']);
  });

  it('never fails a completed release, but reports what it could not do', async () => {
    fleet = await TestFleet.create();
    for (let n = 0; n < 3; n++) await fleet.release();
    fleet.cloud.instead = (operation) => {
      if (operation === 'DescribeInstances') throw new CloudError('RequestLimitExceeded', 'slow down', 503);
    };
    expect(await run()).toMatchObject({ outcome: 'done' });
    expect(fleet.notes.at(-1)).toMatch(/not all retired.*pipeline images api prune.*slow down/);
    expect(fleet.images()).toHaveLength(3);
  });
});
