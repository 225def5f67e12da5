import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Clock, systemClock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { type CallHistory, CallLog } from '../calls/log.ts';
import { Faults } from '../faults/faults.ts';
import type { FaultControl } from '../faults/rule.ts';
import { claimAddressBlock } from '../machines/address-block.ts';
import { AddressPool } from '../machines/address-pool.ts';
import { createQuotasService } from '../quotas/service.ts';
import { regionNames, zoneNames } from '../regions.ts';
import { createS3Service } from '../s3/service.ts';
import { account, type Delays, delayProfiles } from '../settings.ts';
import { openStore } from '../state/store.ts';
import { createWireServer, type WireServer } from '../wire/server.ts';
import { createAccess } from './access.ts';
import { reserveAddresses } from './addresses.ts';
import { type CloudStatus, controlPaths, countState } from './control.ts';
import { Disposables } from './disposables.ts';
import { assertDriver, sandboxDrivers, simulatedDrivers } from './drivers.ts';
import { lockFolder } from './folder-lock.ts';
import { loadIdentity, saveIdentity } from './identity.ts';
import { Regions } from './regions.ts';

export interface CloudOptions {
  /** Folder of the cloud's state; made if missing. One cloud at a time. */
  dir: string;
  /** Address of the endpoint; 127.0.0.1 by default. */
  host?: string;
  /** Port of the endpoint; 0 or nothing takes the one it had before, else a free one. */
  port?: number;
  /** Those of before, at first the quick ones, by default. */
  delays?: 'quick' | 'aws' | Delays;
  driver?: 'sandbox' | 'simulated';
  /** The cloud's time; a scaled one only with simulated machines. The wire always goes by the host's. */
  clock?: Clock;
  credentials?: { accessKeyId: string; secretAccessKey: string };
  /** Chance for faults, from 0 up to 1; tests hand in their own. */
  random?: () => number;
  /** Receives what goes wrong in the background. */
  report?: (error: unknown) => void;
}

export interface LocalCloud {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { accessKeyId: string; secretAccessKey: string };
  /** Second octet of all its addresses. */
  readonly block: number;
  /** Opens the control paths (see control-client.ts); another one at each start. */
  readonly controlToken: string;
  /** What goes wrong on request. */
  readonly faults: FaultControl;
  /** The record of calls. */
  readonly calls: CallHistory;
  status(): CloudStatus;
  /** Ends everything, keeping the state; later calls wait for the first. */
  close(): Promise<void>;
}

/**
 * Starts a local cloud in this process; it answers calls when this resolves. Machines of an earlier start boot on in the background.
 * @throws PipelineError when the folder is in use, the port is taken or a program is missing; nothing is left running then.
 */
export async function startLocalCloud(options: CloudOptions): Promise<LocalCloud> {
  const disposables = new Disposables();
  try {
    return await start(options, disposables);
  } catch (error) {
    await disposables.dispose();
    throw error;
  }
}

async function start(options: CloudOptions, disposables: Disposables): Promise<LocalCloud> {
  const began = performance.now();
  const dir = resolve(options.dir);
  const { host = '127.0.0.1', clock = systemClock(), report = () => undefined } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const lock = await lockFolder(dir);
  disposables.add(() => lock.release());
  const identity = loadIdentity(dir);
  if (options.credentials) Object.assign(identity, options.credentials);
  const driver = options.driver ?? identity.driver ?? 'sandbox';

  const [claim, store] = await Promise.all([claimAddressBlock(identity.block), openStore(dir, report)]);
  disposables.add(() => claim.close());
  disposables.add(() => store.close());
  const { block } = claim;

  const pool = new AddressPool(block);
  const states = () => [store.state, ...Object.values(store.regions)];
  for (const state of states()) reserveAddresses(state, pool, block);
  assertDriver(dir, driver, identity.driver, states());

  const drivers = await (driver === 'sandbox'
    ? sandboxDrivers(dir, states(), clock, report)
    : simulatedDrivers(states(), clock, report));
  disposables.add(() => drivers.balancer.close());
  disposables.add(() => drivers.machines.close());
  const records = {
    state: (region: string) => (region === account.region ? store.state : store.regions[region]),
    states,
  };
  const faults = new Faults({ clock, records, zones: zoneNames, ...drivers, random: options.random, report });
  const profile = typeof options.delays === 'string' ? options.delays : identity.delays;
  const delays = typeof options.delays === 'object' ? options.delays : delayProfiles[profile ?? 'quick'];
  // Callers sign by the host's time, whatever the cloud's own clock does.
  const callersTime = systemClock();
  const access = createAccess({
    context: { state: store.state, clock, changed: store.changed },
    stateOf: records.state,
    secret: identity.secretAccessKey,
    callersTime,
  });
  let reachedAt: (endpoint: string) => void = () => undefined;
  const reached = new Promise<string>((fulfill) => (reachedAt = fulfill));
  const shared = {
    clock,
    profiles: access.profiles,
    metadata: access.metadata,
    endpoint: reached,
    delays,
    machines: faults.machines,
    balancer: faults.balancer,
    faults: faults.hooks,
    changed: store.changed,
    report,
    takeAddress: () => pool.takeAddress(),
    releaseAddress: (address: string) => pool.release(address),
    takeBalancerAddress: () => pool.takeBalancerAddress(),
  };
  const regions = new Regions(shared, store);
  await drivers.ready;
  disposables.add(() => regions.stop());
  const revived = regions.start().catch(report);

  const calls = new CallLog();
  const controlToken = randomBytes(24).toString('base64url');
  const credentials = { accessKeyId: identity.accessKeyId, secretAccessKey: identity.secretAccessKey };
  const keys = { ...credentials, sessions: access.sessions };
  const facts = { region: account.region, block, driver };
  const status = (): CloudStatus => ({
    ...facts,
    endpoint,
    upMs: performance.now() - began,
    readyMs,
    calls: calls.count,
    ...countState(states()),
    faults: faults.list(),
  });
  const wire = createWireServer({
    tables: { ...regions.tables, ...access.tables },
    s3: createS3Service({
      dir: join(dir, 's3'),
      credentials: keys,
      regions: regionNames,
      clock: callersTime,
      faults: faults.calls,
      report,
    }),
    quotas: createQuotasService({
      ...{ credentials: keys, regions: regionNames, clock: callersTime, report },
      ...{ state: (region: string) => regions.state(region), changed: store.changed, persist: store.flush },
    }),
    credentials: keys,
    authorizer: access.authorizer,
    region: regionNames,
    clock: callersTime,
    faults: faults.calls,
    persist: store.flush,
    onCall: (record) => calls.add(record),
    control: controlPaths({ status, faults, calls, token: controlToken }),
    report,
  });
  disposables.add(() => wire.close());
  disposables.add(() => faults.close());

  if (states().every(({ instances }) => Object.keys(instances).length === 0)) await revived;

  const port = await listen(wire, host, options.port, identity.port);
  await saveIdentity(dir, { ...identity, block, port, driver, delays: profile });
  const endpoint = `http://${host}:${port}`;
  reachedAt(endpoint);
  const readyMs = performance.now() - began;
  const close = () => disposables.dispose();
  return { endpoint, region: account.region, credentials, block, controlToken, faults, calls, status, close };
}

/** A requested port must be free; the one used before is only preferred. */
async function listen(
  wire: WireServer,
  host: string,
  wanted: number | undefined,
  before: number | undefined,
): Promise<number> {
  const taken = (error: unknown) => (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  if (!wanted && before) {
    try {
      return (await wire.listen(host, before)).port;
    } catch (error) {
      if (!taken(error)) throw error;
    }
  }
  try {
    return (await wire.listen(host, wanted ?? 0)).port;
  } catch (error) {
    if (!taken(error)) throw error;
    throw new PipelineError('local.port-taken', `port ${wanted} of ${host} is taken by another program`, {
      outcome: 'usage',
      fix: 'choose another with --port, or leave it out to get a free one',
    });
  }
}
