import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '@golden-pipeline/shared/clock';
import { steadyClock } from '@golden-pipeline/shared/testing/steady-clock';
import { VirtualClock } from '@golden-pipeline/shared/virtual-clock';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { type CloudOptions, type LocalCloud, startLocalCloud } from '../../src/daemon/cloud.ts';
import { startDirectCloud } from '../../src/direct/start-direct-cloud.ts';
import { type Delays, delayProfiles } from '../../src/settings.ts';
import { Account } from './account.ts';

export { refusal } from './account.ts';

/** What holds for machines of either kind is tested with both. */
export const drivers = [{ driver: 'simulated' }, { driver: 'sandbox' }] as const;

/** For tests with sandboxes, which take what a busy host lets them: longer than `until` waits for them. */
export const patiently = { timeout: 90_000 };

/** User data, in base64, of a machine that answers on port 8080 with its address; simulated machines need none. */
export const webServer = Buffer.from(`#!/bin/sh
mkdir -p /etc/sv/web
cat > /etc/sv/web/run <<'RUN'
#!/bin/sh
. /run/pipeline/instance.env
export HOST
exec node /srv/server.js 2>&1
RUN
cat > /srv/server.js <<'SERVER'
const server = require('node:http').createServer((request, response) => response.end(process.env.HOST));
server.listen(8080, process.env.HOST);
process.on('SIGTERM', () => server.close());
SERVER
chmod 755 /etc/sv/web/run
ln -s /etc/sv/web /etc/service/web
`).toString('base64');

/** Of simulated machines by default: what tests must see while it lasts takes longer than they wait between two looks. */
const visibleDelays: Delays = {
  ...delayProfiles.quick,
  ...{ instancePending: 2_000, imagePending: 6_000, minimumDrain: 6_000 },
};

/** How a world begins: the cloud's own options. */
export type WorldOptions = Partial<CloudOptions> & {
  /** Simulated machines on the wire, for what is served there only; their time is then the host's, 20 times as fast. */
  wire?: boolean;
  /** How long simulated machines are left alone between two looks, in milliseconds of virtual time; 100 by default. */
  lookMs?: number;
};

/**
 * A world for the tests of a file, or of a `describe`: its faults end with each test, and in the end it must have
 * reported no defect of its own.
 * @param set Takes the world before the first test.
 */
export function openWorld(set: (world: World) => void, options: WorldOptions = {}): void {
  let world: World;
  beforeAll(async () => {
    world = await World.start(options);
    set(world);
  });
  afterEach(() => world.cloud.faults.clear());
  afterAll(async () => {
    await world.close();
    expect(world.reports).toEqual([]);
  });
}

/** A clock that can also be put forward; timers that are set already keep their length. */
function adjustable(clock: Clock): { clock: Clock; putForward: (ms: number) => Promise<void> } {
  let ahead = 0;
  const putForward = async (ms: number) => {
    ahead += ms;
  };
  return { clock: { ...clock, now: () => clock.now() + ahead }, putForward };
}

/** What a world needs of its cloud. */
type Running = Pick<LocalCloud, 'region' | 'credentials' | 'endpoint' | 'faults' | 'calls'> & {
  connect?: Account['connect'];
  close(): unknown;
};

/** A running cloud of this process, with its account. */
export class World<Cloud extends Running = Running> extends Account {
  private constructor(
    readonly cloud: Cloud,
    readonly clock: Clock,
    readonly dir: string,
    readonly reports: unknown[],
    readonly delays: Delays,
    /** The host's timers may fire that much early, in milliseconds of this clock. */
    private readonly early: number,
    /** Lets time pass that nobody wants to wait for; what real machines do does not go any faster for it. */
    readonly pass: (ms: number) => Promise<void>,
    patienceMs: number,
    pause?: () => Promise<unknown>,
  ) {
    super(cloud, patienceMs, pause, cloud.connect);
  }

  /** Simulated machines are in this process and on virtual time by default; sandboxes are real, and so is their time. */
  static async start(options: WorldOptions = {}): Promise<World> {
    const { driver = 'simulated', wire = driver === 'sandbox', delays: asked, lookMs = 100 } = options;
    if (wire) return World.onTheWire(options);
    const delays = named(asked ?? visibleDelays);
    const clock = new VirtualClock();
    const reports: unknown[] = [];
    const report = (error: unknown) => reports.push(error);
    const started = await startDirectCloud({ clock, delays, report, random: options.random });
    const credentials = { accessKeyId: 'direct', secretAccessKey: 'direct' };
    const cloud = { ...started, endpoint: 'http://direct.invalid', credentials };
    return new World(cloud, clock, '', reports, delays, 0, clock.sleep, 15_000, () => clock.sleep(lookMs));
  }

  /** On the wire, with a folder; with `dir` a cloud of before is taken up. */
  static async onTheWire(options: WorldOptions = {}): Promise<World<LocalCloud>> {
    const { driver = 'simulated', dir = await mkdtemp(join(tmpdir(), 'gp-behaviour-')), ...more } = options;
    const real = driver === 'sandbox';
    const { clock, putForward } = adjustable(real ? systemClock() : steadyClock(20));
    const delays = named(more.delays ?? (real ? 'quick' : visibleDelays));
    const reports: unknown[] = [];
    const report = (error: unknown) => reports.push(error);
    const cloud = await startLocalCloud({ dir, driver, clock, report, ...more, delays });
    // Real machines boot, are checked and end in the time of a host that may be busy.
    return new World(cloud, clock, dir, reports, delays, real ? 2 : 40, putForward, real ? 60_000 : 15_000);
  }

  /** Stops the cloud, keeping its folder. */
  async stop(): Promise<void> {
    this.disconnect();
    await this.cloud.close();
  }

  async close(): Promise<void> {
    await this.stop();
    if (this.dir !== '') await rm(this.dir, { recursive: true, force: true });
  }

  /** Milliseconds of the cloud's clock that `work` takes, rounded up by what the host's timers may be early. */
  async took(work: () => Promise<unknown>): Promise<number> {
    const began = this.clock.now();
    await work();
    return this.clock.now() - began + this.early;
  }
}

const named = (delays: NonNullable<CloudOptions['delays']>): Delays =>
  typeof delays === 'string' ? delayProfiles[delays] : delays;
