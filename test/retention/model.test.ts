import {
  CreateTagsCommand,
  DeregisterImageCommand,
  DisableImageCommand,
  EnableImageDeregistrationProtectionCommand,
  ModifyLaunchTemplateCommand,
} from '@aws-sdk/client-ec2';
import fc from '@golden-pipeline/shared/testing/fast-check';
import type { ImageRecord } from 'golden-pipeline-local-cloud/model';
import { expect, it } from 'vitest';
import { tagKeys, toTags } from '../../src/aws/tags.ts';
import { planPin, planUnpin } from '../../src/retention/plan-pin.ts';
import { planPrune } from '../../src/retention/plan-prune.ts';
import { hour, TestFleet } from './support/fleet.ts';
import { Oracle } from './support/oracle.ts';

/** One thing that happens. `pick` chooses among what there is. */
type Event =
  | { do: 'release' }
  | { do: 'failed release' }
  | { do: 'release left open' }
  | { do: 'foreign image' }
  | {
      do:
        | 'switch off'
        | 'tag as pinned'
        | 'make default'
        | 'roll back'
        | 'begin a refresh'
        | 'launch'
        | 'pin'
        | 'unpin'
        | 'terminate'
        | 'delete by hand';
      pick: number;
    }
  | { do: 'wait'; minutes: number }
  | { do: 'prune'; mishap: Mishap };

/** What goes wrong in a prune. `at` counts its calls; `pick` chooses the image. */
type Mishap =
  | { kind: 'none' }
  | { kind: 'launched meanwhile' | 'pinned meanwhile'; at: number; pick: number }
  | { kind: 'refused' | 'lost' | 'crash' | 'interrupted'; at: number };

const pick = fc.nat(9);
const at = fc.nat(40);
const mishap: fc.Arbitrary<Mishap> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ kind: 'none' as const }) },
  fc.record({ kind: fc.constantFrom('launched meanwhile' as const, 'pinned meanwhile' as const), at, pick: fc.nat(2) }),
  fc.record({ kind: fc.constantFrom('refused' as const, 'lost' as const), at }),
  fc.record({ kind: fc.constantFrom('crash' as const, 'interrupted' as const), at }),
);
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ do: 'release' as const }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('prune' as const), mishap }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 180 }) }) },
  fc.record({ do: fc.constantFrom('failed release' as const, 'release left open' as const, 'foreign image' as const) }),
  fc.record({ do: fc.constantFrom('roll back' as const, 'begin a refresh' as const), pick }),
  fc.record({ do: fc.constantFrom('launch' as const, 'terminate' as const), pick }),
  fc.record({ do: fc.constantFrom('switch off' as const, 'tag as pinned' as const, 'make default' as const), pick }),
  fc.record({ do: fc.constantFrom('pin' as const, 'unpin' as const, 'delete by hand' as const), pick }),
);

/** A fleet, what is known about it, and the checks of every change that a prune makes. */
class Model {
  readonly oracle: Oracle;
  readonly instances: string[] = [];
  /** Since when each image cannot be launched. */
  readonly #disabled = new Map<string, number>();
  readonly #wrong: string[] = [];
  /** Somebody has come in the course of this prune: what he did may be seen a little later. */
  #disturbed = false;
  /** The image that it was about. */
  #precious: ImageRecord | undefined;

  constructor(readonly fleet: TestFleet) {
    this.oracle = new Oracle(fleet);
  }

  async play(one: Event): Promise<void> {
    const { fleet } = this;
    const { clock } = fleet.cloud;
    if (one.do === 'wait') return clock.advance(one.minutes * 60_000);
    if (one.do === 'prune') return this.prune(one.mishap);
    if (one.do === 'release') return void (await fleet.release());
    if (one.do === 'failed release') return void (await fleet.failed());
    if (one.do === 'release left open') return void (await fleet.bake());
    if (one.do === 'foreign image') return void (await fleet.bake({ ledger: false }));
    const available = this.oracle.images().filter((image) => image.state === 'available');
    const chosen = nth(available, one.pick);
    if (one.do === 'terminate') {
      const instance = this.instances.splice(one.pick % Math.max(1, this.instances.length), 1)[0];
      if (instance) await fleet.terminate(instance);
    } else if (one.do === 'unpin') {
      const pinned = nth(
        this.oracle.images().filter((image) => this.oracle.isPinned(image)),
        one.pick,
      );
      if (pinned) await fleet.run(await planUnpin(fleet.services, clock, pinned.tags[tagKeys.version] ?? ''));
    } else if (one.do === 'pin') {
      // A retired one may be pinned, too, and is to be had again.
      const image = nth(this.oracle.images(), one.pick);
      if (!image) return;
      await fleet.run(await planPin(fleet.services, clock, { version: image.tags[tagKeys.version] ?? '' }));
      expect(image.state).toBe(this.oracle.switchedOff.has(image.id) ? 'disabled' : 'available');
    } else if (one.do === 'tag as pinned') {
      const tags = toTags({ [tagKeys.pinned]: 'true' });
      if (chosen) await fleet.services.aws.ec2.send(new CreateTagsCommand({ Resources: [chosen.id], Tags: tags }));
    } else if (one.do === 'switch off') {
      if (!chosen || this.oracle.runs(chosen) || this.oracle.isNamed(chosen)) return;
      await fleet.services.aws.ec2.send(new DisableImageCommand({ ImageId: chosen.id }));
      this.oracle.switchedOff.add(chosen.id);
      this.#disabled.set(chosen.id, clock.now());
    } else if (one.do === 'make default') {
      if (!chosen) return;
      const DefaultVersion = await fleet.templateVersion(chosen.id);
      const template = { LaunchTemplateId: fleet.templateId, DefaultVersion };
      await fleet.services.aws.ec2.send(new ModifyLaunchTemplateCommand(template));
    } else if (one.do === 'launch') {
      if (chosen) this.instances.push(await fleet.launch(chosen.id));
    } else if (one.do === 'delete by hand') {
      if (chosen && !chosen.protection) {
        await fleet.services.aws.ec2.send(new DeregisterImageCommand({ ImageId: chosen.id }));
      }
    } else {
      const back = nth(
        this.oracle.good().filter((image) => image.state === 'available'),
        one.pick,
      );
      await clock.advance(20_000); // the refresh before it has ended
      if (back && one.do === 'roll back') this.oracle.leave(back);
      if (back) await fleet.roll(back.id, { wait: one.do === 'roll back' });
    }
  }

  async prune(mishap: Mishap): Promise<void> {
    const { fleet } = this;
    const { clock } = fleet.cloud;
    const stop = new AbortController();
    let calls = 0;
    this.#disturbed = false;
    const due = () => mishap.kind !== 'none' && calls === mishap.at;
    const plan = await planPrune(fleet.services, clock, { force: false });
    fleet.cloud.between = async (operation, input) => {
      this.#check(operation, input as { ImageId?: string; SnapshotId?: string });
      calls++;
      if (!due()) return;
      if (mishap.kind === 'interrupted') stop.abort(new Error('interrupted'));
      if (mishap.kind === 'launched meanwhile' || mishap.kind === 'pinned meanwhile') await this.#disturb(mishap);
    };
    fleet.cloud.fault = () => {
      if (mishap.kind === 'crash' && calls >= mishap.at) return 'refuse';
      if (mishap.kind === 'refused' && due()) return 'refuse';
      return mishap.kind === 'lost' && due() ? 'lose' : undefined;
    };
    const result = await fleet.run(plan, stop.signal);
    fleet.cloud.between = undefined;
    fleet.cloud.fault = undefined;
    expect(this.#wrong).toEqual([]);
    expect(this.#precious?.state).not.toBe('deregistered');
    this.#precious = undefined;
    if (mishap.kind === 'none') expect(result).toMatchObject({ outcome: 'done', leftovers: [] });
    if (mishap.kind === 'none' || this.#disturbed) {
      const disabled = this.oracle.images().filter((image) => image.state === 'disabled');
      const ours = disabled.filter((image) => !this.oracle.switchedOff.has(image.id));
      expect(ours.filter((image) => this.oracle.runs(image) || this.oracle.isPinned(image))).toEqual([]);
    }
  }

  /** Somebody without the lock: at the console, or an instance of another team. */
  async #disturb(mishap: { kind: string; pick: number }): Promise<void> {
    const { ec2 } = this.fleet.services.aws;
    const image = nth(
      this.oracle.images().filter((one) => one.state === 'available'),
      mishap.pick,
    );
    if (!image) return;
    this.#disturbed = true;
    this.#precious = image;
    if (mishap.kind === 'launched meanwhile') {
      this.instances.push(await this.fleet.launch(image.id));
      return;
    }
    await ec2.send(new EnableImageDeregistrationProtectionCommand({ ImageId: image.id }));
    const tags = toTags({ [tagKeys.pinned]: 'true', [tagKeys.pinProtects]: 'true' });
    await ec2.send(new CreateTagsCommand({ Resources: [image.id], Tags: tags }));
  }

  /** Called before each call of a prune: may it do that, as things are? */
  #check(operation: string, { ImageId = '', SnapshotId = '' }: { ImageId?: string; SnapshotId?: string }): void {
    const { now, rules } = { now: this.fleet.cloud.clock.now(), rules: this.fleet.services.fleet.release };
    const image = this.fleet.cloud.home.images[ImageId];
    const reasons = image ? this.oracle.why(image) : [];
    const users = image ? [this.oracle.runs(image) ? 'runs' : '', this.oracle.isPinned(image) ? 'pinned' : ''] : [];
    const forbid = (why: string[]) => {
      for (const reason of why.filter(Boolean))
        this.#wrong.push(`${operation} ${image?.name ?? SnapshotId}: ${reason}`);
    };
    if (operation === 'DisableImage' && image) {
      // Who comes between the look and this very call is found by the last look of the run.
      forbid(this.#disturbed ? reasons : [...reasons, ...users]);
      this.#disabled.set(ImageId, now);
    }
    if (operation === 'EnableImage') {
      this.#disabled.delete(ImageId);
      if (this.oracle.switchedOff.has(ImageId)) forbid(['somebody has switched it off']);
    }
    // A protected one is refused by EC2.
    if (operation === 'DeregisterImage' && image && image.state !== 'deregistered' && !image.protection) {
      const off = now - (this.#disabled.get(ImageId) ?? now);
      forbid([...reasons, ...users, off < rules.retireGraceHours * hour ? `disabled only ${off} ms ago` : '']);
    }
    if (operation === 'DeleteSnapshot') {
      forbid(this.oracle.images().flatMap((one) => (one.snapshotId === SnapshotId ? 'an image needs it' : [])));
    }
  }

  /** Nobody uses or pins anything any more, and enough time passes with prunes: what must not stay is gone. */
  async windUp(): Promise<void> {
    const { fleet, oracle } = this;
    for (const instance of this.instances) await fleet.terminate(instance);
    await fleet.cloud.clock.advance(60_000);
    for (const image of oracle.images().filter((one) => oracle.isPinned(one))) {
      await fleet.run(await planUnpin(fleet.services, fleet.cloud.clock, image.tags[tagKeys.version] ?? ''));
    }
    for (let n = 0; n < 4; n++) {
      await fleet.cloud.clock.advance(3 * hour);
      await this.prune({ kind: 'none' });
    }
    const kept = oracle.images();
    expect(kept.map((image) => oracle.number(image))).toEqual(oracle.kept().map((image) => oracle.number(image)));
    expect(kept.filter((image) => image.state === 'disabled' && !oracle.switchedOff.has(image.id))).toEqual([]);
    const snapshots = Object.values(fleet.cloud.home.snapshots).filter((one) => one.tags[tagKeys.app] === 'api');
    const missed = oracle.missed();
    const needed = snapshots.filter((one) => !missed.includes(one.tags[tagKeys.version] ?? ''));
    expect(needed.map((one) => one.id).sort()).toEqual(kept.map((image) => image.snapshotId).sort());
    expect(fleet.cloud.reports).toEqual([]);
  }
}

function nth<T>(items: readonly T[], pick: number): T | undefined {
  return items[pick % Math.max(1, items.length)];
}

it('retention never deletes what is in use, pinned or needed, keeps the minimum, and leaves nothing behind for ever', async () => {
  const settings = fc.record({
    keep: fc.integer({ min: 1, max: 4 }),
    minimumAgeHours: fc.constantFrom(0, 1),
    retireGraceHours: fc.constantFrom(0, 2),
  });
  await fc.assert(
    fc.asyncProperty(
      settings,
      fc.array(event, { minLength: 8, maxLength: 30, size: 'max' }),
      async (release, events) => {
        const model = new Model(await TestFleet.create(release));
        try {
          for (const one of events) await model.play(one);
          await model.windUp();
        } finally {
          model.fleet.cloud.close();
        }
      },
    ),
    { numRuns: Number(process.env.MODEL_RUNS ?? 100) },
  );
}, 300_000);
