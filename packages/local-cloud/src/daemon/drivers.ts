import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import type { BalancerDriver } from '../elb/balancer-driver.ts';
import type { MachineDriver } from '../machines/driver.ts';
import type { CloudState } from '../model.ts';
import { account } from '../settings.ts';
import { balancerFolder } from './descriptor.ts';

/** Machines and balancer of a cloud; `ready` resolves when both can work. */
export interface Drivers {
  machines: MachineDriver;
  balancer: BalancerDriver;
  ready: Promise<void>;
}

/** Real sandboxes behind a real HAProxy. Everything that takes time runs side by side. */
export async function sandboxDrivers(
  dir: string,
  states: CloudState[],
  clock: Clock,
  report: (error: unknown) => void,
): Promise<Drivers> {
  const [{ SandboxDriver }, { createBaseImage }, { discardLeftovers }, { probeSandbox }, { HaproxyDriver }] =
    await Promise.all([
      import('../machines/sandbox-driver.ts'),
      import('../machines/base-image.ts'),
      import('../machines/leftovers.ts'),
      import('../machines/probe.ts'),
      import('../elb/haproxy/driver.ts'),
    ]);
  const { machines: disks, images } = recorded(states);
  await discardLeftovers(dir, { machines: new Set(disks.map(({ id }) => id)), images });
  const machines = new SandboxDriver({ dir, clock, report });
  const balancer = new HaproxyDriver({ dir: balancerFolder(dir), clock, report });
  const probed = probeSandbox().then((result) => {
    if (result.ok) return;
    throw new PipelineError('local.machines-impossible', `machines cannot run on this host: ${result.problem}`, {
      fix: result.fix,
    });
  });
  return { machines, balancer, ready: allOf([probed, balancer.start(), createBaseImage(dir, account.baseImageId)]) };
}

/** Models without processes, for large fleets and scaled clocks. */
export async function simulatedDrivers(
  states: CloudState[],
  clock: Clock,
  report: (error: unknown) => void,
): Promise<Drivers> {
  const [{ SimulatedDriver }, { SimulatedBalancer }] = await Promise.all([
    import('../machines/simulated-driver.ts'),
    import('../elb/simulated.ts'),
  ]);
  // Models forget everything with their process: what the state knows of, exists.
  const { machines: known, images } = recorded(states);
  const machines = new SimulatedDriver({
    clock,
    images: [...images],
    // No cores to thrash: as on AWS, one machine's boot does not wait for another's.
    concurrentBoots: Number.POSITIVE_INFINITY,
  });
  for (const { id, imageId, address } of known) {
    machines.create({ instanceId: id, imageId, address, hostname: `ip-${address.replaceAll('.', '-')}` }).catch(report);
  }
  return {
    machines,
    balancer: new SimulatedBalancer({ clock, isUp: ({ id }) => machines.isRunning(id) }),
    ready: Promise.resolve(),
  };
}

/** What there is data of on disk: machines that have a disk, and images, by the ids that the driver keeps them under. */
function recorded(states: CloudState[]) {
  const machines = states
    .flatMap(({ instances }) => Object.values(instances))
    .filter((one) => one.state !== 'terminated' && one.hasDisk)
    .map(({ id, address, imageId, imageDataId = imageId }) => ({ id, address, imageId: imageDataId }));
  const named = states.flatMap(({ images }) => Object.values(images)).map(({ id, dataId = id }) => dataId);
  return { machines, images: new Set([account.baseImageId, ...named, ...machines.map(({ imageId }) => imageId)]) };
}

/** Waits for all, so that nothing is still starting when the first failure is dealt with; then rejects with that. */
async function allOf(works: Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(works);
  const failed = results.find((r) => r.status === 'rejected');
  if (failed) throw failed.reason;
}

/**
 * Data of one driver is nothing to the other.
 * @param before the driver that the folder was made with
 * @throws usage error `local.driver` when there are machines or images of the other one
 */
export function assertDriver(
  dir: string,
  driver: string,
  before: string | undefined,
  states: readonly CloudState[],
): void {
  // Each cloud has its base image, which either driver makes anew.
  const isMade = ({ name }: { name: string }) => name !== account.baseImageName;
  const used = states.some(
    ({ instances, images }) => Object.keys(instances).length > 0 || Object.values(images).some(isMade),
  );
  if (!used || before === undefined || before === driver) return;
  throw usageError(
    'local.driver',
    `the local cloud in ${dir} has ${before} machines and images, which cannot go on as ${driver} ones`,
    'leave the driver out, or start over: pipeline local reset, or another folder',
  );
}
