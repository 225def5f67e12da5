import { type Clock, systemClock } from '@golden-pipeline/shared/clock';
import { type CallHistory, CallLog } from '../calls/log.ts';
import { createAccess } from '../daemon/access.ts';
import { simulatedDrivers } from '../daemon/drivers.ts';
import { Regions } from '../daemon/regions.ts';
import { Faults } from '../faults/faults.ts';
import type { FaultControl, FaultRequest } from '../faults/rule.ts';
import { AddressPool } from '../machines/address-pool.ts';
import { type CloudState, emptyState } from '../model.ts';
import { zoneNames } from '../regions.ts';
import { account, type Delays, delayProfiles } from '../settings.ts';
import { connect, type SdkClient } from './connect.ts';
import { seededRandom } from './seeded-random.ts';

/** A clock of the callers'; a virtual one also has a side for the cloud, whose timers do not move time by themselves. */
export type DirectClock = Clock & {
  background?: Clock;
  /** Lets time go on while a call is in work. */
  during?<T>(work: () => Promise<T>): Promise<T>;
};

export interface DirectCloudOptions {
  /** The time of both sides; the host's by default. */
  clock?: DirectClock;
  /** Decides all that is left to chance: which calls a fault strikes, how long a client waits before it calls again. */
  seed?: number;
  /** Chance itself, for tests that hold it; instead of a seed. */
  random?: () => number;
  /** What goes wrong from the start. */
  faults?: readonly FaultRequest[];
  /** The quick ones by default. */
  delays?: 'quick' | 'aws' | Delays;
  /** Receives what goes wrong in the background. */
  report?: (error: unknown) => void;
}

/** A cloud of simulated machines in this process, without files, ports or processes. */
export interface DirectCloud {
  readonly region: string;
  /** What goes wrong on request. */
  readonly faults: FaultControl;
  /** The record of calls. */
  readonly calls: CallHistory;
  /** Connects a client of any service but S3 and Service Quotas, and gives it back. */
  connect<Client extends SdkClient>(client: Client): Client;
  /** The records of a region, as they are: whoever changes them changes the cloud. */
  state(region?: string): CloudState;
  close(): void;
}

/**
 * Starts the services of the local cloud in this process, for the SDK's own clients to call without a wire between. What EC2, Auto Scaling
 * and ELBv2 decide is decided by the same code as over the wire; on a virtual clock a release takes milliseconds.
 * S3 and Service Quotas are served over the wire only.
 * @throws PipelineError (usage) for a fault that is wrong
 */
export async function startDirectCloud(options: DirectCloudOptions = {}): Promise<DirectCloud> {
  const { clock = systemClock() as DirectClock, delays = 'quick', report = () => undefined } = options;
  const cloudClock = clock.background ?? clock;
  const random = options.random ?? (options.seed === undefined ? Math.random : seededRandom(options.seed));
  const home = emptyState();
  const others: Record<string, CloudState> = {};
  const states = () => [home, ...Object.values(others)];
  const drivers = await simulatedDrivers(states(), cloudClock, report);
  const records = { state: (region: string) => (region === account.region ? home : others[region]), states };
  const faults = new Faults({ clock: cloudClock, records, zones: zoneNames, ...drivers, random, report });
  // No address is bound, so every cloud may have the same ones.
  const pool = new AddressPool(1);
  const changed = () => undefined;
  const access = createAccess({
    context: { state: home, clock: cloudClock, changed },
    stateOf: records.state,
    secret: 'direct',
    callersTime: cloudClock,
  });
  const regions = new Regions(
    {
      clock: cloudClock,
      profiles: access.profiles,
      delays: typeof delays === 'string' ? delayProfiles[delays] : delays,
      machines: faults.machines,
      balancer: faults.balancer,
      faults: faults.hooks,
      changed,
      report,
      takeAddress: () => pool.takeAddress(),
      releaseAddress: (address) => pool.release(address),
      takeBalancerAddress: () => pool.takeBalancerAddress(),
    },
    { state: home, regions: others },
  );
  await regions.start();
  for (const fault of options.faults ?? []) faults.add(fault);
  const calls = new CallLog();
  const during: NonNullable<DirectClock['during']> = clock.during?.bind(clock) ?? ((work) => work());
  const services = {
    tables: { ...regions.tables, ...access.tables },
    ...{ faults: faults.calls, calls, clock, random, during, report },
  };
  return {
    region: account.region,
    faults,
    calls,
    connect: (client) => connect(client, services),
    state(region = account.region) {
      const state = regions.state(region);
      if (!state) throw new Error(`there is no region ${region}`);
      return state;
    },
    close() {
      faults.close();
      regions.stop();
    },
  };
}
