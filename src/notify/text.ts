import { visible } from '@golden-pipeline/shared/text';
import { summarizeSince } from '../changes/since.ts';
import type { Notification } from '../ledger/notification.ts';

/** How an author is named in a text: a mention, where the target knows one. */
export type NameAuthor = (author: string) => string;

/** Lines of a notification: what happened, and what else somebody needs who reads it. */
export interface Told {
  headline: string;
  details: string[];
}

/** The text of a notification for people. */
export function tell(facts: Notification, nameOf: NameAuthor = (author) => author): Told {
  const notification = inLines(facts);
  const { occasion, run, by } = notification;
  const told = tellers[occasion](notification, nameOf);
  const made = run && `run ${run.id} by ${by}: ${run.command}`;
  const headline = notification.overtaken
    ? `(${minute(notification.at)}, out of date) ${told.headline}`
    : told.headline;
  return { headline, details: [...told.details, ...(made === undefined ? [] : [made])] };
}

/** Texts of others (a commit's subject, the message of an error) in one line, and without what a terminal or a chat would obey. */
function inLines<T>(value: T): T {
  if (typeof value === 'string') return visible(value.replace(/\s*\n\s*/g, ' ').trim()) as T;
  if (Array.isArray(value)) return value.map(inLines) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inLines(inner)])) as T;
}

/** `6 min`, `45 s`, `1 h 5 min`. */
export function shortTime(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`;
}

const tellers: Record<Notification['occasion'], (notification: Notification, nameOf: NameAuthor) => Told> = {
  started: (one, nameOf) => ({
    headline: `${one.by} ${begun[one.brings ?? 'scale'](one)}${news(one, nameOf)}`,
    details: commits(one),
  }),
  released: (one, nameOf) => ({
    headline: `${named(one.app, one.version)} is live in ${one.environment}${news(one, nameOf)}${took(one)}.${undo(one)}`,
    details: commits(one),
  }),
  'rolled-back': (one) => ({
    headline: `${one.app} is back on ${one.version ?? 'the version before'} in ${one.environment}${took(one)}${
      one.previous === undefined ? '' : `; ${one.previous} was rolled back`
    }.${undo(one)}`,
    details: [],
  }),
  failed(one, nameOf) {
    const { error, run, serving, environment } = one;
    const what = attempted[one.brings ?? 'scale'](one);
    const names = one.since && one.since.commits.length > 0 ? ` (${authors(one, nameOf)})` : '';
    return {
      headline: `${what}${names}: ${error?.message ?? 'it did not finish'}`,
      details: [
        `${left(one) ?? `it ended as ${run?.outcome}`}${serving === undefined ? '' : `; ${serving} serves`}`,
        ...(error?.fix === undefined ? [] : [`fix: ${error.fix}`]),
        ...(run ? [`more: pipeline history ${one.app} ${run.id} --env ${environment}`] : []),
      ],
    };
  },
  undone: (one) => ({
    headline: `What an unfinished ${one.run?.operation} of ${one.app} had left in ${one.environment} is undone${
      one.serving === undefined ? '' : `; ${one.serving} serves`
    }.`,
    details: one.run ? [`more: pipeline history ${one.app} ${one.run.id} --env ${one.environment}`] : [],
  }),
  hold: ({ hold, ...one }) => ({
    headline: `${scopeOf(one)} is on hold by ${one.by}${hold?.until === undefined ? '' : ` until ${minute(hold.until)}`}: ${hold?.reason}`,
    details: ['Releases and changes of size are refused; rollbacks are not.'],
  }),
  unhold: ({ hold, ...one }) => ({
    headline: `${scopeOf(one)} is no longer on hold (ended by ${one.by}; it was: ${hold?.reason})`,
    details: [],
  }),
  scale({ size = {}, ...one }) {
    const { to, before, at, until } = size;
    const end = until === undefined ? '' : ` until ${minute(until)}`;
    const where = `${one.app} in ${one.environment}`;
    if (size.canceled) return { headline: `${where} is back at its usual size.`, details: [] };
    const headline =
      at === undefined
        ? `${where} has ${to} instances now${before === undefined ? '' : `, ${before} before`}${end === '' ? '' : `,${end}`}.`
        : `${where} will have ${to} instances from ${minute(at)}${end}.`;
    return { headline: `${headline}${undo(one)}`, details: [] };
  },
  test: (one) => ({
    headline: `This is a test by ${one.by}: ${one.app} in ${one.environment} announces here.`,
    details: [],
  }),
};

type Words = Record<NonNullable<Notification['brings']>, (one: Notification) => string>;

const begun: Words = {
  released: ({ app, version, environment }) => `is releasing ${named(app, version)} to ${environment}`,
  'rolled-back': ({ app, version, environment }) =>
    `is rolling back ${app}${version ? ` to ${version}` : ''} in ${environment}`,
  scale: ({ app, environment }) => `is changing the size of ${app} in ${environment}`,
  restarted: ({ app, environment }) => `is restarting ${app} in ${environment}`,
};

const attempted: Words = {
  released: ({ app, version, environment }) => `${named(app, version)} was not released to ${environment}`,
  'rolled-back': ({ app, version, environment }) =>
    `${app} was not rolled back${version ? ` to ${version}` : ''} in ${environment}`,
  scale: ({ app, environment }) => `${app} was not scaled in ${environment}`,
  restarted: ({ app, environment }) => `${app} was not restarted on every instance in ${environment}`,
};

const named = (app?: string, version?: string) => (version === undefined ? `${app}` : `${app} ${version}`);

const after: Readonly<Record<string, string>> = {
  failed: 'nothing was changed',
  usage: 'nothing was changed',
  locked: 'nothing was changed',
  declined: 'nothing was changed',
  'rolled-back': 'everything was rolled back',
  interrupted: 'everything was rolled back',
  'manual-intervention': 'manual intervention required: not everything could be rolled back',
};

/** A restart that fails later leaves the instances that have restarted as they are: nothing of them is rolled back. */
function left({ brings, run }: Notification): string | undefined {
  const undone = run?.outcome === 'rolled-back' || run?.outcome === 'interrupted';
  return brings === 'restarted' && undone ? 'what it had taken out of service is back' : after[run?.outcome ?? ''];
}

const scopeOf = ({ app, environment }: Pick<Notification, 'app' | 'environment'>) =>
  app === undefined ? `Everything in ${environment}` : `${app} in ${environment}`;

/** ` (3 commits by ann, bob)` */
function news({ since }: Notification, nameOf: NameAuthor): string {
  return since ? ` (${summarizeSince(since, nameOf)})` : '';
}

function authors({ since }: Notification, nameOf: NameAuthor): string {
  return [...new Set(since?.commits.map(({ author }) => author))].slice(0, 3).map(nameOf).join(', ');
}

const took = ({ run }: Notification) => (run?.seconds === undefined ? '' : ` after ${shortTime(run.seconds)}`);
const undo = (one: Pick<Notification, 'undo'>) => (one.undo === undefined ? '' : ` Undo: ${one.undo}`);

/** The newest commits, a line each. */
function commits({ since }: Notification): string[] {
  return (since?.commits ?? [])
    .slice(0, 5)
    .map(({ commit, subject, author }) => `${commit.slice(0, 8)} ${subject} (${author})`);
}

/** `2027-03-01 14:00 UTC`: readers of a chat are in several zones. */
const minute = (iso: string) => `${iso.slice(0, 16).replace('T', ' ')} UTC`;
