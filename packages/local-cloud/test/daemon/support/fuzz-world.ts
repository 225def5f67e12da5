import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { createAccess } from '../../../src/daemon/access.ts';
import { Regions } from '../../../src/daemon/regions.ts';
import { SimulatedBalancer } from '../../../src/elb/simulated.ts';
import { AddressPool } from '../../../src/machines/address-pool.ts';
import { SimulatedDriver } from '../../../src/machines/simulated-driver.ts';
import { type CloudState, emptyState } from '../../../src/model.ts';
import { regionNames } from '../../../src/regions.ts';
import { account, delayProfiles } from '../../../src/settings.ts';
import { openStore, type StateStore, stateVersion } from '../../../src/state/store.ts';
import type { ServiceName } from '../../../src/wire/operations.ts';
import { createResponder, type Responder } from '../../../src/wire/respond.ts';
import { serviceShapes } from '../../../src/wire/shapes.ts';
import { signRequest } from '../../wire/support/sign.ts';
import { credentials } from '../../wire/support/start-wire.ts';

const region = account.region;

/** All services behind the real wire, on simulated machines and a clock that stands still; no sockets, no files. */
export class FuzzWorld {
  readonly clock: ManualClock;
  readonly reports: unknown[] = [];
  readonly home: CloudState;
  readonly regions: Record<string, CloudState>;
  readonly #services: Regions;
  readonly #respond: Responder;

  constructor(
    store: Pick<StateStore, 'state' | 'regions'> = { state: emptyState(), regions: {} },
    clock = new ManualClock(),
  ) {
    this.clock = clock;
    this.home = store.state;
    this.regions = store.regions;
    const report = (error: unknown) => void this.reports.push(error);
    const pool = new AddressPool(9);
    const states = [store.state, ...Object.values(store.regions)];
    const images = states.flatMap(({ images }) => Object.values(images).map(({ id, dataId = id }) => dataId));
    const machines = new SimulatedDriver({ clock, images: [account.baseImageId, ...images] });
    for (const { id, address, imageId, imageDataId = imageId, hasDisk } of states.flatMap((one) =>
      Object.values(one.instances),
    )) {
      pool.reserve(address);
      if (hasDisk) void machines.create({ instanceId: id, imageId: imageDataId, address, hostname: id }).catch(report);
    }
    const access = createAccess({
      context: { state: store.state, clock, changed: () => undefined },
      stateOf: (name) => (name === region ? store.state : store.regions[name]),
      ...{ secret: credentials.secretAccessKey, callersTime: clock },
    });
    this.#services = new Regions(
      {
        clock,
        profiles: access.profiles,
        delays: delayProfiles.quick,
        machines,
        balancer: new SimulatedBalancer({ clock, isUp: ({ id }) => machines.isRunning(id) }),
        changed: () => undefined,
        report,
        takeAddress: () => pool.takeAddress(),
        releaseAddress: (address) => pool.release(address),
        takeBalancerAddress: () => pool.takeBalancerAddress(),
      },
      store,
    );
    const tables = { ...this.#services.tables, ...access.tables };
    this.#respond = createResponder({ tables, credentials, region: regionNames, clock, report });
  }

  async start(): Promise<void> {
    const started = this.#services.start();
    await this.clock.advance(5000);
    await started;
  }

  close(): void {
    this.#services.stop();
  }

  /** Sends one signed request. */
  async send(
    service: ServiceName,
    body: Uint8Array | string,
    to: string = region,
  ): Promise<{ status: number; document: string }> {
    const bytes = Buffer.from(body);
    const headers = signRequest({ service, region: to, body: bytes, at: this.clock.now(), host: 'here', credentials });
    const lists = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
    const answer = await this.#respond({ method: 'POST', path: '/', query: '', headers: lists, body: bytes });
    return { status: answer.status, document: String(answer.document) };
  }

  /** Sends a request that must be good; its parameters as `A=b&C=d`. */
  async must(service: ServiceName, operation: string, parameters: string): Promise<string> {
    const { version } = serviceShapes[service];
    const { status, document } = await this.send(service, `Action=${operation}&Version=${version}&${parameters}`);
    if (status !== 200) throw new Error(`${operation}: ${document}`);
    return document;
  }

  /** A small fleet behind a balancer, an image and what else requests may name. */
  async furnish(): Promise<void> {
    const image = account.baseImageId;
    await this.must('ec2', 'CreateKeyPair', 'KeyName=aaa');
    await this.must('ec2', 'CreateSecurityGroup', 'GroupName=aaa&GroupDescription=aaa');
    const data = `LaunchTemplateData.ImageId=${image}&LaunchTemplateData.InstanceType=t3.micro`;
    await this.must('ec2', 'CreateLaunchTemplate', `LaunchTemplateName=aaa&${data}`);
    await this.must('ec2', 'CreateLaunchTemplateVersion', `LaunchTemplateName=aaa&${data}`);
    await this.must('ec2', 'RunInstances', `ImageId=${image}&MinCount=2&MaxCount=2&InstanceType=t3.micro`);
    const group = await this.must(
      'elasticloadbalancing',
      'CreateTargetGroup',
      `Name=aaa&Protocol=HTTP&Port=80&VpcId=${account.vpcId}`,
    );
    const target = encodeURIComponent(/<TargetGroupArn>(.*?)</.exec(group)?.[1] ?? '');
    const subnets = Object.values(account.subnets).map((subnet, n) => `Subnets.member.${n + 1}=${subnet}`);
    const balancer = await this.must('elasticloadbalancing', 'CreateLoadBalancer', `Name=aaa&${subnets.join('&')}`);
    const arn = encodeURIComponent(/<LoadBalancerArn>(.*?)</.exec(balancer)?.[1] ?? '');
    const forward = (name: string) => `${name}.member.1.Type=forward&${name}.member.1.TargetGroupArn=${target}`;
    const listener = await this.must(
      'elasticloadbalancing',
      'CreateListener',
      `LoadBalancerArn=${arn}&Protocol=HTTP&Port=80&${forward('DefaultActions')}`,
    );
    const on = encodeURIComponent(/<ListenerArn>(.*?)</.exec(listener)?.[1] ?? '');
    const path = 'Conditions.member.1.Field=path-pattern&Conditions.member.1.Values.member.1=/a';
    await this.must('elasticloadbalancing', 'CreateRule', `ListenerArn=${on}&Priority=1&${path}&${forward('Actions')}`);
    const zones = account.zones.map((zone, n) => `AvailabilityZones.member.${n + 1}=${zone}`).join('&');
    const size = 'MinSize=0&MaxSize=6&DesiredCapacity=3';
    const template = 'LaunchTemplate.LaunchTemplateName=aaa&LaunchTemplate.Version=1';
    await this.must(
      'autoscaling',
      'CreateAutoScalingGroup',
      `AutoScalingGroupName=aaa&${size}&${template}&${zones}&TargetGroupARNs.member.1=${target}`,
    );
    await this.clock.advance(60_000);
    const instance = Object.keys(this.home.instances)[0] ?? '';
    await this.must('ec2', 'CreateImage', `InstanceId=${instance}&Name=aaa&NoReboot=true`);
    const hook = 'LifecycleTransition=autoscaling:EC2_INSTANCE_LAUNCHING&HeartbeatTimeout=60&DefaultResult=CONTINUE';
    await this.must('autoscaling', 'PutLifecycleHook', `AutoScalingGroupName=aaa&LifecycleHookName=aaa&${hook}`);
    await this.must(
      'autoscaling',
      'PutScheduledUpdateGroupAction',
      'AutoScalingGroupName=aaa&ScheduledActionName=aaa&Recurrence=*/5 * * * *&DesiredCapacity=2',
    );
  }

  /** The state as the daemon writes it, read again as the daemon reads it, and served by another one at the same time of its clock. */
  async reload(dir: string): Promise<FuzzWorld> {
    await writeFile(
      join(dir, 'state.json'),
      JSON.stringify({ version: stateVersion, state: this.home, regions: this.regions }),
    );
    const store = await openStore(dir);
    await store.close();
    return new FuzzWorld(store, this.clock);
  }
}
