import {
  CreateAutoScalingGroupCommand,
  StartInstanceRefreshCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CreateImageCommand,
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  CreateTagsCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { account } from 'golden-pipeline-local-cloud/model';
import { tagKeys, toTags } from '../../../src/aws/tags.ts';
import type { Fleet } from '../../../src/config/settings.ts';
import { execute } from '../../../src/engine/execute.ts';
import { createRunId } from '../../../src/engine/run-id.ts';
import type { Plan } from '../../../src/engine/step.ts';
import type { Services } from '../../../src/fleet/services.ts';
import type { Ledger, ReleaseRecord } from '../../../src/ledger/types.ts';
import { DirectCloud } from '../../support/direct-cloud.ts';

export const hour = 3_600_000;

/** A fleet of one instance on a direct cloud, with releases made as the pipeline makes them, but without hosts. */
export class TestFleet {
  readonly cloud = new DirectCloud();
  readonly releases: ReleaseRecord[] = [];
  readonly notes: string[] = [];
  readonly services: Services;
  readonly #journals = new Map<string, unknown[]>();
  templateId = '';
  #runs = 0;

  private constructor(release: Partial<Fleet['release']>, regions: readonly string[]) {
    const rules = { keep: 2, minimumAgeHours: 0, retireGraceHours: 0, snapshotPrice: 0.05, copyRegions: [...regions] };
    const fleet = {
      app: 'api',
      environment: 'test',
      region: account.region,
      release: { ...rules, timeouts: { health: 60 }, ...release },
      capacity: { min: 1, max: 4 },
      service: { port: 3000 },
      balancer: { listenerPort: 80, deregistrationDelaySeconds: 1 },
      instance: { type: 't3.small' },
      names: { group: 'api-test', launchTemplate: 'api-test', imagePrefix: 'api-test-' },
    } as unknown as Fleet;
    const ledger: Partial<Ledger> = {
      releases: async () => structuredClone(this.releases),
      release: async (_app, version) => structuredClone(this.releases.find((one) => one.version === version)),
      updateRelease: async (_app, version, facts) => Object.assign(this.#record(version), facts),
      appendJournal: async (run, _sequence, entry) => {
        this.#journals.set(run, [...(this.#journals.get(run) ?? []), entry]);
      },
      journal: async (run) => this.#journals.get(run) ?? [],
    };
    this.services = {
      fleet,
      aws: this.cloud.clients(),
      elsewhere: () => regions.map((region) => ({ region, aws: this.cloud.clients(region) })),
      ledger: ledger as Ledger,
      by: 'ann@here',
    } as unknown as Services;
  }

  static async create(release: Partial<Fleet['release']> = {}, regions: readonly string[] = []): Promise<TestFleet> {
    const fleet = new TestFleet(release, regions);
    await fleet.#provision();
    return fleet;
  }

  async #provision(): Promise<void> {
    await this.cloud.start();
    const { ec2 } = this.services.aws;
    const { LaunchTemplate } = await ec2.send(
      new CreateLaunchTemplateCommand({
        LaunchTemplateName: 'api-test',
        LaunchTemplateData: { ImageId: account.baseImageId, InstanceType: 't3.small' },
      }),
    );
    this.templateId = LaunchTemplate?.LaunchTemplateId ?? '';
    await this.group('api-test', '1');
    await this.cloud.clock.advance(5_000);
  }

  /** Another group of one instance on a version of the launch template. */
  async group(name: string, version: string): Promise<void> {
    await this.services.aws.autoScaling.send(
      new CreateAutoScalingGroupCommand({
        AutoScalingGroupName: name,
        MinSize: 0,
        MaxSize: 4,
        DesiredCapacity: 1,
        AvailabilityZones: [account.zones[0]],
        LaunchTemplate: { LaunchTemplateId: this.templateId, Version: version },
      }),
    );
  }

  /** Bakes the image of the next version from a builder; `ledger: false` leaves no release behind, as another computer's ledger. */
  async bake({ ledger = true, environment = 'test' } = {}): Promise<{ version: string; imageId: string }> {
    const version = `v${++this.#runs}`;
    const { ec2 } = this.services.aws;
    const name = `api-${environment}-${version}`;
    if (ledger) {
      const createdAt = new Date(this.cloud.clock.now()).toISOString();
      const made = { version, commit: 'c', ref: 'main', createdAt, createdBy: 'ann', run: 'r' };
      this.releases.push({ app: 'api', environment, ...made, state: 'building', knownGood: false });
    }
    const builder = await this.launch(account.baseImageId);
    await this.cloud.clock.advance(2_000);
    const tags = toTags({
      [tagKeys.app]: 'api',
      [tagKeys.environment]: environment,
      [tagKeys.version]: version,
      [tagKeys.commit]: 'c',
    });
    const { ImageId: imageId = '' } = await ec2.send(
      new CreateImageCommand({
        InstanceId: builder,
        Name: name,
        NoReboot: true,
        TagSpecifications: [
          { ResourceType: 'image', Tags: tags },
          { ResourceType: 'snapshot', Tags: tags },
        ],
      }),
    );
    await this.cloud.clock.advance(3_000);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [builder] }));
    await this.cloud.clock.advance(1_000);
    return { version, imageId };
  }

  /** A release whose bake or roll failed, and whose undo did not get rid of the image. */
  async failed(): Promise<{ version: string; imageId: string }> {
    const made = await this.bake();
    this.#record(made.version).state = 'failed';
    return made;
  }

  /** A whole release: baked, rolled onto, known-good. */
  async release(): Promise<{ version: string; imageId: string }> {
    const made = await this.bake();
    await this.roll(made.imageId);
    await this.services.aws.ec2.send(
      new CreateTagsCommand({ Resources: [made.imageId], Tags: toTags({ [tagKeys.knownGood]: 'true' }) }),
    );
    const record = this.#record(made.version);
    Object.assign(record, { state: 'released', knownGood: true });
    record.image = { region: account.region, imageId: made.imageId, name: `api-test-${made.version}` };
    return made;
  }

  #record(version: string): ReleaseRecord {
    const found = this.releases.find((release) => release.version === version);
    if (!found) throw new Error(`no release ${version}`);
    return found;
  }

  /** A new launch template version with the image, and the group on it; `wait: false` leaves the refresh in progress. */
  async roll(imageId: string, { wait = true } = {}): Promise<void> {
    const { autoScaling } = this.services.aws;
    const Version = await this.templateVersion(imageId);
    await autoScaling.send(
      new StartInstanceRefreshCommand({
        AutoScalingGroupName: 'api-test',
        DesiredConfiguration: { LaunchTemplate: { LaunchTemplateId: this.templateId, Version } },
        Preferences: { MinHealthyPercentage: 100, MaxHealthyPercentage: 200, InstanceWarmup: 0 },
      }),
    );
    if (wait) await this.cloud.clock.advance(20_000);
  }

  async templateVersion(imageId: string): Promise<string> {
    const { LaunchTemplateVersion } = await this.services.aws.ec2.send(
      new CreateLaunchTemplateVersionCommand({
        LaunchTemplateId: this.templateId,
        SourceVersion: '1',
        LaunchTemplateData: { ImageId: imageId },
      }),
    );
    return String(LaunchTemplateVersion?.VersionNumber);
  }

  /** Points a group at a template version without replacing its instance. */
  async point(group: string, version: string): Promise<void> {
    await this.services.aws.autoScaling.send(
      new UpdateAutoScalingGroupCommand({
        AutoScalingGroupName: group,
        LaunchTemplate: { LaunchTemplateId: this.templateId, Version: version },
      }),
    );
  }

  /** An instance started by hand. */
  async launch(imageId: string): Promise<string> {
    const { Instances } = await this.services.aws.ec2.send(
      new RunInstancesCommand({ ImageId: imageId, InstanceType: 't3.small', MinCount: 1, MaxCount: 1 }),
    );
    return Instances?.[0]?.InstanceId ?? '';
  }

  async terminate(id: string): Promise<void> {
    await this.services.aws.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await this.cloud.clock.advance(1_000);
  }

  /** Runs a plan to its end. */
  async run<State>(plan: Plan<Services, State>, signal = new AbortController().signal) {
    return execute(plan, {
      services: this.services,
      clock: this.cloud.clock,
      sink: (event) => {
        if (event.code === 'step.note') this.notes.push(event.message);
      },
      journal: this.services.ledger,
      runId: createRunId(this.cloud.clock),
      signal,
    });
  }

  /** `v1 available, v2 disabled ...`: the images there are, by version. */
  images(region?: string): string[] {
    return Object.values(this.cloud.state(region).images)
      .filter((image) => image.state !== 'deregistered' && image.tags[tagKeys.app] === 'api')
      .map((image) => `${image.tags[tagKeys.version]} ${image.state}`);
  }

  snapshots(region?: string): (string | undefined)[] {
    return Object.values(this.cloud.state(region).snapshots)
      .filter((snapshot) => snapshot.tags[tagKeys.app] === 'api')
      .map((snapshot) => snapshot.tags[tagKeys.version]);
  }
}
