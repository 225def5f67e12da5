import { CreateImageCommand, DescribeImagesCommand } from '@aws-sdk/client-ec2';
import { afterEach, describe, expect, it } from 'vitest';
import { createImage } from '../../src/aws/create-image.ts';
import { listImages } from '../../src/aws/images.ts';
import { tagKeys } from '../../src/aws/tags.ts';
import { diagnose } from '../../src/doctor/diagnose.ts';
import type { DoctorServices } from '../../src/doctor/services.ts';
import { createPoll } from '../../src/engine/poll.ts';
import { observeFleet } from '../../src/fleet/observe.ts';
import type { Services } from '../../src/fleet/services.ts';
import { createLedger } from '../../src/ledger/ledger.ts';
import { planRebuild } from '../../src/ledger-rebuild/plan.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { readStatus } from '../../src/status/read.ts';
import { undoPlanOf } from '../runner/support/undo-plan-of.ts';
import { die } from '../support/dying.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { Simulated } from '../support/simulated.ts';

let world: Simulated | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

/** A fleet that has been released so often. */
async function released(times: number): Promise<Simulated> {
  world = await Simulated.create();
  for (let n = 0; n < times; n++) {
    expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
  }
  return world;
}

/** The same fleet as another clone works with it, which has a ledger of its own. */
function otherClone({ services, clock }: Simulated): Services {
  const identity = { owner: 'ben', host: 'elsewhere' };
  return { ...services, ledger: createLedger(createMemoryStore(), { environment: 'local', clock, identity }) };
}

const imageNames = async ({ aws }: Simulated) => (await listImages(aws.ec2, 'api', 'local')).map((one) => one.name);
const versions = async ({ ledger }: Services) => (await ledger.releases('api')).map((one) => one.version);

describe('a release whose ledger lacks releases of the cloud', () => {
  it('is refused when the ledger is empty, and the images stay', async () => {
    const fleet = await released(2);
    const other = otherClone(fleet);
    await expect(planRelease(other, fleet.clock, {})).rejects.toMatchObject({
      code: 'ledger.incomplete',
      message: expect.stringContaining('v1, v2 of api in local, which have golden images'),
      fix: expect.stringContaining('pipeline ledger rebuild api'),
      details: [expect.stringContaining('v1: api-local-v1'), expect.stringContaining('v2: api-local-v2')],
    });
    expect(await versions(other)).toEqual([]);
    expect(await imageNames(fleet)).toEqual(['api-local-v1', 'api-local-v2']);
  });

  it('is refused when only the newest is missing, also when it was created after the plan', async () => {
    const fleet = await released(1);
    const other = otherClone(fleet);
    const { ledger } = fleet.services;
    for (const record of await ledger.releases('api')) await other.ledger.addRelease(record);
    const plan = await planRelease(other, fleet.clock, {});
    expect((await fleet.run(await planRelease(fleet.services, fleet.clock, {}))).error).toBeUndefined();
    fleet.services.ledger = other.ledger;
    // What serves is as planned, and the release is still refused.
    const late = await fleet.run({ ...plan, initial: { ...plan.initial, ...(await observeFleet(other)).facts } });
    expect(late).toMatchObject({ outcome: 'failed', leftovers: [], error: { code: 'ledger.incomplete' } });
    expect(await versions(other)).toEqual(['v1']);
    expect(await imageNames(fleet)).toEqual(['api-local-v1', 'api-local-v2']);
  });
});

describe('an image with the name of the next release', () => {
  it('is skipped: the next version is above it', async () => {
    const fleet = await released(1);
    await foreignImage(fleet, 'api-local-v7');
    const result = await fleet.run(await planRelease(fleet.services, fleet.clock, {}));
    expect(result).toMatchObject({ outcome: 'done', state: { version: 'v8' } });
  });

  it('is refused by the preflight when it was created after the plan: nothing is reserved or changed', async () => {
    const fleet = await released(1);
    const plan = await planRelease(fleet.services, fleet.clock, {});
    const imageId = await foreignImage(fleet, 'api-local-v2');
    const result = await fleet.run(plan);
    expect(result).toMatchObject({ outcome: 'failed', leftovers: [], error: { code: 'image.name-taken' } });
    expect((result.error as Error).message).toBe(
      `an image named api-local-v2 already exists (${imageId}, no run of the pipeline made it)`,
    );
    expect(await versions(fleet.services)).toEqual(['v1']);
  });

  it('survives the undo of a run that was killed before it could create its own', async () => {
    const fleet = await released(1);
    const crashed = await die(fleet, await planRelease(fleet.services, fleet.clock, { bake: 'builder' }), {
      at: 'create-image',
      how: 'intended',
    });
    const imageId = await foreignImage(fleet, 'api-local-v2');
    expect(await undo(fleet, crashed)).toMatchObject({ leftovers: [] });
    const { Images } = await fleet.aws.ec2.send(new DescribeImagesCommand({ ImageIds: [imageId] }));
    expect(Images).toHaveLength(1);
  });

  it('is deregistered by the undo when the run itself created it and was killed before the answer', async () => {
    const fleet = await released(1);
    const crashed = await die(fleet, await planRelease(fleet.services, fleet.clock, { bake: 'builder' }), {
      at: 'create-image',
      how: 'made',
    });
    expect(await imageNames(fleet)).toEqual(['api-local-v1', 'api-local-v2']);
    expect(await undo(fleet, crashed)).toMatchObject({ leftovers: [] });
    expect(await imageNames(fleet)).toEqual(['api-local-v1']);
  });
});

/** An image of that name which somebody made by hand. */
async function foreignImage({ aws, services, clock }: Simulated, name: string): Promise<string> {
  const { instances } = await readStatus(services);
  const { ImageId = '' } = await aws.ec2.send(
    new CreateImageCommand({ InstanceId: instances[0]?.id, Name: name, NoReboot: true }),
  );
  await createPoll(clock)({
    what: name,
    read: () => aws.ec2.send(new DescribeImagesCommand({ ImageIds: [ImageId] })),
    until: ({ Images }) => Images?.[0]?.State === 'available',
    everyMs: 1000,
    timeoutMs: 600_000,
  });
  return ImageId;
}

async function undo(fleet: Simulated, crashed: Awaited<ReturnType<typeof die>>) {
  const plan = await undoPlanOf({ services: fleet.services, clock: fleet.clock }, crashed);
  if (!plan) throw new Error('nothing to undo');
  return fleet.run(plan, { runId: crashed.id, signal: AbortSignal.abort(new Error('it died')) });
}

describe('a rebuilt ledger', () => {
  it('has what the tags record, and the next release continues from there', async () => {
    const fleet = await released(3);
    expect((await fleet.run(await planRollback(fleet.services, fleet.clock, { force: false }))).error).toBeUndefined();
    const before = await fleet.services.ledger.releases('api');
    const other = otherClone(fleet);
    fleet.services.ledger = other.ledger;
    const plan = await planRebuild(other, fleet.clock);
    expect(plan.described.rebuild).toHaveLength(3);
    expect(await versions(other)).toEqual([]);
    const result = await fleet.run(plan);
    expect(result).toMatchObject({ outcome: 'done', state: { added: ['v1', 'v2', 'v3'] } });
    const kept = ({ version, commit, run, state, image, knownGood, rolledBackAt }: (typeof before)[number]) => {
      return { version, commit, run, state, image, knownGood, rolledBackAt };
    };
    expect((await other.ledger.releases('api')).map(kept)).toEqual(before.map(kept));
    expect(before.map((one) => one.rolledBackAt !== undefined)).toEqual([false, false, true]);

    const again = await fleet.run(await planRebuild(other, fleet.clock));
    expect(again).toMatchObject({ outcome: 'done', state: { added: [], differing: [] } });
    const next = await fleet.run(await planRelease(other, fleet.clock, {}));
    expect(next).toMatchObject({ outcome: 'done', state: { version: 'v4' } });
  });

  it('keeps its existing records, and reports what the images record differently', async () => {
    const fleet = await released(2);
    const { ledger } = fleet.services;
    await ledger.updateRelease('api', 'v1', { knownGood: false });
    const result = await fleet.run(await planRebuild(fleet.services, fleet.clock));
    expect(result.state).toMatchObject({
      added: [],
      differing: ['v1: known-good: false in the ledger, true on the image'],
    });
    expect(await ledger.release('api', 'v1')).toMatchObject({ knownGood: false });
  });

  it('marks irreversible releases', async () => {
    const fleet = await released(1);
    expect(
      (await fleet.run(await planRelease(fleet.services, fleet.clock, { irreversible: true }))).error,
    ).toBeUndefined();
    fleet.services.ledger = otherClone(fleet).ledger;
    await fleet.run(await planRebuild(fleet.services, fleet.clock));
    await expect(planRollback(fleet.services, fleet.clock, { force: false })).rejects.toMatchObject({
      code: 'rollback.irreversible',
    });
  });
});

describe('the rollback mark on an image', () => {
  it('is removed when the version serves again', async () => {
    const fleet = await released(2);
    const back = async (version: string) => {
      const result = await fleet.run(
        await planRollback(fleet.services, fleet.clock, { version, force: false, supersede: true, wait: true }),
      );
      expect(result.error).toBeUndefined();
    };
    const marked = async () =>
      (await listImages(fleet.aws.ec2, 'api', 'local')).map((one) => one.rolledBackAt !== undefined);
    await back('v1');
    expect(await marked()).toEqual([false, true]);
    await back('v2');
    expect(await marked()).toEqual([false, false]);
  });
});

it('a rollback without any record selects the last known-good image before the one that serves', async () => {
  const fleet = await released(2);
  fleet.services.ledger = otherClone(fleet).ledger;
  const result = await fleet.run(await planRollback(fleet.services, fleet.clock, { force: false }));
  expect(result).toMatchObject({ outcome: 'done', state: { version: 'v1' } });
  expect(fleet.notes.join('\n')).toContain('the ledger has no record of v1');
});

it('the doctor names the releases that are missing in the ledger, and the command that adds them', async () => {
  const fleet = await released(1);
  const finding = async (services: Services) =>
    (await diagnose(services as DoctorServices, fleet.clock)).find((one) => one.id === 'ledger.releases');
  expect(await finding(fleet.services)).toMatchObject({ severity: 'ok' });
  expect(await finding(otherClone(fleet))).toMatchObject({
    severity: 'error',
    message: 'the ledger does not know v1, so a release is refused',
    fix: expect.stringContaining('pipeline ledger rebuild api'),
  });
});

it('an image is adopted only by the run that started it', async () => {
  const fleet = await released(1);
  const request = {
    instanceId: 'i-0',
    name: 'api-local-v1',
    description: 'another',
    tags: { [tagKeys.run]: 'another-run' },
  };
  await expect(createImage(fleet.aws.ec2, createPoll(fleet.clock), request)).rejects.toMatchObject({
    code: 'image.name-taken',
    message: expect.stringMatching(/^an image named api-local-v1 already exists \(ami-\w+, made by run /),
  });
});
