import { targetName } from '../config/notify-problems.ts';
import type { NotifyEvent, NotifyTarget } from '../config/schema/notify.ts';
import type { Fleet } from '../config/settings.ts';
import type { HoldRecord } from '../ledger/holds.ts';
import type { Brings, Notification, Occasion } from '../ledger/notification.ts';
import type { Outbox } from '../ledger/outbox.ts';
import type { RunRecord } from '../ledger/types.ts';
import { targetOf } from './targets/index.ts';

/** The facts of a notification; its id is made of them and the target. */
export type Facts = Omit<Notification, 'id'>;

/** Whose configuration decides who is notified. */
type Configured = Pick<Fleet, 'app' | 'notify'>;

/** The event by which a target is configured to get it. */
const eventOf: Readonly<Record<Exclude<Occasion, 'test'>, NotifyEvent>> = {
  started: 'started',
  released: 'released',
  'rolled-back': 'rolled-back',
  failed: 'failed',
  undone: 'failed',
  hold: 'hold',
  unhold: 'hold',
  scale: 'scale',
};

/** Records a notification for each target that is notified of it. @returns how many are new */
export async function recordFor(
  outbox: Outbox,
  { app, notify }: Configured,
  base: string,
  facts: Facts & { occasion: keyof typeof eventOf },
): Promise<number> {
  const wanted = notify.mute ? [] : notify.targets.filter((target) => isWanted(target, eventOf[facts.occasion]));
  const added = await Promise.all(
    wanted.map((target) => {
      const name = targetName(target);
      const id = `${base}.${facts.occasion}.${name}`;
      return outbox.add({ ...facts, id }, { name, configuredBy: app });
    }),
  );
  return added.filter(Boolean).length;
}

function isWanted(target: NotifyTarget, event: NotifyEvent): boolean {
  return (target.events ?? targetOf(target).events(target)).includes(event);
}

/** The id of another notification of the same run to the same target. */
export function startOf(id: string, target: string, occasion: Occasion = 'started'): string {
  return `${id.slice(0, id.indexOf('.'))}.${occasion}.${target}`;
}

/** The facts of a run's start. */
export function startFacts(run: RunRecord, brings: Brings): Facts {
  return { occasion: 'started', ...runFacts(run, brings), at: run.startedAt };
}

/**
 * The facts of a run's end, or of the undo of one that had left something.
 * @param summary What the operation says of it.
 */
export function endFacts(
  run: RunRecord,
  { brings, undo, undone = false }: { brings: Brings; undo?: string; undone?: boolean },
  summary: Readonly<Record<string, unknown>> = {},
): Facts {
  const done = run.outcome === 'done';
  const serving =
    done || run.committed ? run.version : run.outcome === 'manual-intervention' ? undefined : run.previous;
  return {
    occasion: done && brings !== 'restarted' ? brings : undone ? 'undone' : 'failed',
    ...runFacts(run, brings),
    at: run.finishedAt ?? run.startedAt,
    ...(serving !== undefined && { serving }),
    ...(run.error && !done && { error: { code: run.error.code, message: run.error.message, ...fixOf(run) } }),
    ...(undo !== undefined && { undo: inEnvironment(undo, run.environment) }),
    ...(brings === 'scale' && done && { size: sizeOf(summary) }),
  };
}

const fixOf = ({ error }: RunRecord) => (error?.fix === undefined ? {} : { fix: error.fix });

function runFacts(run: RunRecord, brings: Brings) {
  const { app, environment, by, version, previous, commit, since } = run;
  const { id, operation, command, startedAt, seconds, outcome, steps } = run;
  return {
    ...{ app, environment, by, brings },
    run: {
      ...{ id, operation, command, startedAt, steps },
      ...(seconds !== undefined && { seconds }),
      ...(outcome !== undefined && { outcome }),
    },
    ...(version !== undefined && { version }),
    ...(previous !== undefined && { previous }),
    ...(commit !== undefined && { commit }),
    ...(since && { since }),
  };
}

/** A chat is read by people whose default environment is another one. */
const inEnvironment = (command: string, environment: string): string =>
  command.includes(' --env ') ? command : `${command} --env ${environment}`;

function sizeOf({ to, before, at, until, canceled }: Readonly<Record<string, unknown>>): Notification['size'] {
  return {
    ...(typeof to === 'number' && { to }),
    ...(typeof before === 'number' && { before }),
    ...(typeof at === 'string' && { at }),
    ...(typeof until === 'string' && { until }),
    ...(canceled === true && { canceled }),
  };
}

/**
 * Records a hold, or its end, for the targets of the apps that it is about. Apps mostly share targets: those of the same settings get it
 * once, whatever their names, and targets that only share a name get it each.
 */
export async function recordHold(outbox: Outbox, fleets: readonly Configured[], hold: HoldRecord): Promise<void> {
  const facts = holdFacts(hold);
  const told = new Set<string>();
  for (const { app, notify } of fleets) {
    const targets = notify.targets.filter((target) => {
      const place = placeOf(target);
      if (notify.mute || !isWanted(target, 'hold') || told.has(place)) return false;
      told.add(place);
      return true;
    });
    await recordFor(outbox, { app, notify: { ...notify, targets } }, holdBase(hold, app), facts);
  }
}

/** Where a target's messages go: all of its settings but those that only say how and of what. */
function placeOf({ name: _name, events: _events, ...settings }: NotifyTarget): string {
  return JSON.stringify(Object.entries(settings).sort(([a], [b]) => a.localeCompare(b)));
}

/** The beginning of the ids of notifications of a hold: when it began, what it is about, and for an environment whose target gets it. */
function holdBase({ app, since }: HoldRecord, configuredBy: string): string {
  return `${since.replace(/[-:.]/g, '').replace('Z', '')}-hold-${app ?? `environment-${configuredBy}`}`;
}

/** The facts of a hold, or of its end. */
function holdFacts({ app, environment, reason, until, by, since, ended }: HoldRecord): Facts & {
  occasion: 'hold' | 'unhold';
} {
  return {
    ...(app !== undefined && { app }),
    environment,
    occasion: ended ? 'unhold' : 'hold',
    by: ended?.by ?? by,
    at: ended?.at ?? since,
    hold: { reason, ...(until !== undefined && { until }) },
  };
}
