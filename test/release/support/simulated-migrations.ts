import { PipelineError } from '@golden-pipeline/shared/errors';
import type { Fleet } from '../../../src/config/settings.ts';
import type { Host } from '../../../src/hosts/types.ts';
import type { MigrationRequest, MigrationState } from '../../../src/release/migration/program.ts';
import type { Simulated } from '../../support/simulated.ts';

/** A migration on a simulated host, as the supervisor there keeps it. */
interface Started {
  instanceId: string;
  folder: string;
  run: string;
  request: MigrationRequest;
  at: number;
  /** Set by a stop. */
  stopped?: number;
}

/** What the program on the hosts does that runs migrations, on the clock of the simulation. */
export class SimulatedMigrations {
  readonly started: Started[] = [];
  readonly stopped: string[] = [];
  readonly forgotten: string[] = [];
  /** How long the next ones take, in milliseconds, how they end, and what they print: a line each second. */
  lasts = 3000;
  exit = 0;
  lines = ['applying 0001_init', 'applying 0002_add_seats', 'all migrations are applied'];
  /** Called before an answer; what it throws is what becomes of the call. */
  before: (action: string, host: Host) => void | Promise<void> = () => undefined;
  /** Called when it has done what it was asked; what it throws is what becomes of the answer. */
  after: (action: string) => void = () => undefined;
  /** The memory of the hosts is gone, as after a reboot. */
  rebooted = false;

  constructor(private readonly world: Simulated) {
    const { hosts } = world.services;
    const run = hosts.run.bind(hosts);
    hosts.run = async (host, argv, options) => {
      const at = argv.findIndex((word) => word.endsWith('/.release-migrate.py'));
      if (at < 0) return run(host, argv, options);
      await this.before(argv[at + 1] ?? '', host);
      const answer = this.#answer(host, argv.slice(at + 1));
      this.after(argv[at + 1] ?? '');
      return JSON.stringify(answer);
    };
  }

  #answer(host: Host, [action = '', folder = '', run = '', given = '']: string[]): object {
    const now = this.world.clock.now();
    const found = this.started.find((one) => one.folder === folder && one.run === run);
    if (action === 'start' && !found) {
      this.started.push({
        ...{ instanceId: host.instanceId, folder, run, at: now },
        request: JSON.parse(given) as MigrationRequest,
      });
      return { state: 'running' };
    }
    if (action === 'stop' && found && this.#state(found).state === 'running') {
      this.stopped.push(host.instanceId);
      found.stopped = now;
      return { state: 'running' };
    }
    if (action === 'forget') this.forgotten.push(host.instanceId);
    const text = found ? `${this.lines.join('\n')}\n` : '';
    if (action === 'tail') return { text };
    const state = found ? this.#state(found) : { state: 'none' };
    const shown = text.slice(Number(given));
    return { ...state, text: shown, offset: Number(given) + shown.length, skipped: 0, more: false };
  }

  #state({ at, stopped, request }: Started): MigrationState {
    if (this.rebooted) return { state: 'lost', reason: 'the host was rebooted' };
    const now = this.world.clock.now();
    if (stopped !== undefined) {
      return now < stopped + 1000 ? { state: 'running' } : { state: 'ended', signal: 'SIGTERM', why: 'stopped' };
    }
    const limit = request.timeout * 1000;
    if (now - at < Math.min(this.lasts, limit)) return { state: 'running' };
    if (this.lasts > limit) return { state: 'ended', signal: 'SIGTERM', why: 'timeout', seconds: request.timeout };
    return { state: 'ended', exit: this.exit, why: null, seconds: this.lasts / 1000 };
  }
}

/** A fleet with a migration. */
export const withMigration =
  (migrate: NonNullable<Fleet['release']['migrate']>, release: Partial<Fleet['release']> = {}) =>
  (fleet: Fleet): Fleet => ({ ...fleet, release: { ...fleet.release, ...release, migrate } });

/** A host that is not reached. */
export const unreachable = (): PipelineError => new PipelineError('ssh.unreachable', 'Connection timed out');
