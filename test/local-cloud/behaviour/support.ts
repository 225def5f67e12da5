import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { type CloudOptions, type LocalCloud, startLocalCloud } from '../../../src/local-cloud/daemon/cloud.ts';
import { type Delays, delayProfiles } from '../../../src/local-cloud/settings.ts';
import { type Clock, systemClock } from '../../../src/shared/clock.ts';
import { steadyClock } from '../../support/steady-clock.ts';
import { Account } from './account.ts';

export { refusal } from './account.ts';

/** A scaled clock that can also be put forward; timers that are set already keep their length. */
export class TestClock implements Clock {
  readonly #base: Clock;
  #ahead = 0;

  constructor(readonly factor: number) {
    this.#base = factor === 1 ? systemClock() : steadyClock(factor);
  }

  now = () => this.#base.now() + this.#ahead;
  after: Clock['after'] = (ms, fn) => this.#base.after(ms, fn);
  sleep: Clock['sleep'] = (ms, signal) => this.#base.sleep(ms, signal);

  jump(ms: number): void {
    this.#ahead += ms;
  }
}

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

/** Of simulated machines unless told: what tests must see while it lasts takes long enough on a busy host. */
const visibleDelays: Delays = {
  ...delayProfiles.quick,
  ...{ instancePending: 2_000, imagePending: 6_000, minimumDrain: 6_000 },
};

/** The host's timers may fire that much early, in milliseconds of its own time. */
const hostRounding = 2;

/** How a world begins: the cloud's own options, and how much faster than the host's its clock runs. */
export type WorldOptions = Partial<CloudOptions> & { factor?: number };

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

/** A running cloud of this process, with its account. */
export class World extends Account {
  private constructor(
    readonly cloud: LocalCloud,
    readonly clock: TestClock,
    readonly dir: string,
    readonly reports: unknown[],
    readonly delays: Delays,
    patienceMs: number,
  ) {
    super(cloud, patienceMs);
  }

  /**
   * Simulated machines on a clock 20 times as fast, unless told; sandboxes are real, and so is their time. With `dir` a
   * cloud of before is taken up.
   */
  static async start(options: WorldOptions = {}): Promise<World> {
    const { driver = 'simulated', dir = await mkdtemp(join(tmpdir(), 'gp-behaviour-')), factor, ...more } = options;
    const clock = new TestClock(factor ?? (driver === 'sandbox' ? 1 : 20));
    const { delays: asked = driver === 'sandbox' ? 'quick' : visibleDelays } = more;
    const delays = typeof asked === 'string' ? delayProfiles[asked] : asked;
    const reports: unknown[] = [];
    const report = (error: unknown) => reports.push(error);
    const cloud = await startLocalCloud({ dir, driver, clock, report, ...more, delays });
    // Real machines boot, are checked and end in the time of a host that may be busy.
    const patienceMs = driver === 'sandbox' ? 60_000 : 15_000;
    return new World(cloud, clock, dir, reports, delays, patienceMs);
  }

  /** Stops the cloud, keeping its folder. */
  async stop(): Promise<void> {
    this.disconnect();
    await this.cloud.close();
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.dir, { recursive: true, force: true });
  }

  /** Milliseconds of the cloud's clock that `work` takes, rounded up by what the host's timers may be early. */
  async took(work: () => Promise<unknown>): Promise<number> {
    const began = this.clock.now();
    await work();
    return this.clock.now() - began + hostRounding * this.clock.factor;
  }
}
