import type { CommandSpec, OptionSpec } from '../command.ts';
import { globalOptions } from '../global-options.ts';
import { isAboutApp, longName, readLine, type TypedLine, withoutEquals } from './read-line.ts';

/** A word that could stand next, and what it means. */
export interface Candidate {
  value: string;
  description: string;
}

/** A task as completion sees it. */
export interface KnownTask {
  summary: string;
  /** Choices of each positional input, in their order. */
  positional: (readonly string[])[];
  options: readonly OptionSpec[];
}

/** A version that a command line may name. */
export interface KnownVersion {
  version: string;
  commit: string;
  knownGood: boolean;
  /** A rollback went away from it. */
  rolledBack: boolean;
}

/** A run that a command line may name. */
export interface KnownRun {
  id: string;
  description: string;
}

/** What completion may ask the project; each is queried only where its words could stand. */
export interface Sources {
  /** Names of the files in pipelines/; no file is loaded. */
  apps(): Promise<string[]>;
  /** Environments of an app; of all apps without one. */
  environments(app: string | undefined): Promise<string[]>;
  tasks(app: string): Promise<Readonly<Record<string, KnownTask>>>;
  /** Versions whose image retention has not deleted, newest first; none where only the cloud could tell. */
  versions(app: string, environment: string | undefined): Promise<KnownVersion[]>;
  /** The last runs, newest first; none where only the cloud could tell. */
  runs(app: string, environment: string | undefined): Promise<KnownRun[]>;
}

/** Options whose value is a path. */
const pathOptions = ['--project', '--events', '--page'];
const help: OptionSpec = { flags: '--help', description: 'show help' };
const version: OptionSpec = { flags: '--version', description: 'print the version' };
/** No shell reads anything into these, so they can be put on a command line as they are. */
const harmless = /^[\w@%+=:,./-]+$/;

/**
 * What could stand for the last of `words`, which may be empty; `files` when that is for the shell to say.
 * @param words What stands after `pipeline`, up to the cursor.
 */
export async function candidates(
  words: readonly string[],
  specs: readonly CommandSpec[],
  groups: Readonly<Record<string, string>>,
  sources: Sources,
): Promise<Candidate[] | 'files'> {
  const whole = withoutEquals(words);
  const [attached, option = '', start] = /^(--[\w-]+)=(.*)$/s.exec(whole.at(-1) ?? '') ?? [];
  // `--env=sta`, as shells other than bash hand it over: a value that keeps its option in front.
  const typed = attached === undefined ? whole : [...whole.slice(0, -1), option, start ?? ''];
  const last = typed.at(-1) ?? '';
  const before = typed.slice(0, -1);
  const visible = specs.filter((spec) => !spec.hidden);
  const apps = before.length > 0 || !last.startsWith('-') ? await sources.apps() : [];
  const known = await taskOf(before, specs, apps, sources);
  const optionsOf = (line: TypedLine) => [
    ...(line.spec?.options ?? []),
    ...(isTask(line) ? (known?.options ?? []) : []),
  ];
  const line = readLine(before, specs, apps, optionsOf);
  if (!line) return [];
  const found = await next(line, last, { visible, groups, sources, apps, known, options: optionsOf(line) });
  if (found === 'files') return 'files';
  const prefix = attached === undefined ? '' : `${option}=`;
  return found
    .filter(({ value }) => value.startsWith(last) && harmless.test(value))
    .map(({ value, description }) => ({ value: `${prefix}${value}`, description }));
}

interface Known {
  visible: readonly CommandSpec[];
  groups: Readonly<Record<string, string>>;
  sources: Sources;
  apps: readonly string[];
  /** The task on the line. */
  known: KnownTask | undefined;
  options: readonly OptionSpec[];
}

async function next(line: TypedLine, last: string, known: Known): Promise<Candidate[] | 'files'> {
  if (line.pending) return valuesOf(line.pending, line, known);
  if (last.startsWith('-')) return optionNames(line, known.options);
  if (line.spec) return argumentsOf(line.spec, line, known);
  if (line.app !== undefined) {
    const about = known.visible.filter(isAboutApp).map(({ name, summary }) => ({ value: name, description: summary }));
    return [...(await taskNames(line.app, known.sources)), ...about.filter(({ value }) => !value.includes(' '))];
  }
  const names = commandWords(line.path, known);
  const apps = line.path.length > 0 ? [] : known.apps.map((app) => ({ value: app, description: 'tasks of the app' }));
  return [...names, ...apps.filter(({ value }) => !names.some((one) => one.value === value))];
}

async function valuesOf(option: OptionSpec, line: TypedLine, { sources }: Known): Promise<Candidate[] | 'files'> {
  const name = longName(option);
  if (option.choices) return described(option.choices);
  if (pathOptions.includes(name)) return 'files';
  if (name !== '--env') return [];
  const app = line.app ?? (line.spec && isAboutApp(line.spec) ? line.args[0] : undefined);
  return described(await sources.environments(app), 'environment');
}

function optionNames(line: TypedLine, own: readonly OptionSpec[]): Candidate[] {
  const all = [...own, ...globalOptions, help, ...(line.spec || line.path.length > 0 ? [] : [version])];
  return all
    .filter((option) => !line.given.includes(longName(option)))
    .map((option) => ({ value: longName(option), description: option.description }));
}

async function argumentsOf(spec: CommandSpec, line: TypedLine, { sources, apps, known }: Known): Promise<Candidate[]> {
  const at = line.args.length;
  if (isTask(line)) return described(known?.positional[at - 2] ?? []);
  const argument = spec.arguments?.[at];
  if (!argument) return [];
  if (argument.suggestions) return described(argument.suggestions);
  if (/^[<[]app(\|run)?[>\]]$/.test(argument.name)) return described(apps, 'app');
  if (argument.name === '[version]') return versionsOf(spec, line, sources);
  if (argument.name === '[run]') {
    const runs = await sources.runs(line.args[0] ?? '', line.values['--env']);
    return runs.map(({ id, description }) => ({ value: id, description }));
  }
  if (argument.name === '[task]') return taskNames(line.args[0] ?? '', sources);
  return [];
}

/** Where `fast-rollback` goes without `--force`, or what `images pin` keeps. */
async function versionsOf(spec: CommandSpec, line: TypedLine, sources: Sources): Promise<Candidate[]> {
  const versions = await sources.versions(line.args[0] ?? '', line.values['--env']);
  return versions
    .filter(({ knownGood }) => knownGood || spec.name !== 'fast-rollback')
    .map(({ version, commit, rolledBack }) => ({
      value: version,
      description: `commit ${commit.slice(0, 12)}${rolledBack ? ', rolled back' : ''}`,
    }));
}

/** The next words of commands below `path`; of groups the group's word alone. */
function commandWords(path: readonly string[], { visible, groups }: Known): Candidate[] {
  const prefix = path.map((word) => `${word} `).join('');
  const words = new Map<string, string>();
  for (const { name, summary } of visible) {
    if (!name.startsWith(prefix)) continue;
    const [word = '', more] = name.slice(prefix.length).split(' ');
    const description = more === undefined ? summary : (groups[`${prefix}${word}`] ?? '');
    if (!words.has(word)) words.set(word, description);
  }
  return [...words].map(([value, description]) => ({ value, description }));
}

/** The task that the line names, if it names one: its options are options of the line. */
async function taskOf(
  before: readonly string[],
  specs: readonly CommandSpec[],
  apps: readonly string[],
  sources: Sources,
): Promise<KnownTask | undefined> {
  const line = readLine(before, specs, apps, ({ spec }) => spec?.options ?? []);
  if (!line || !isTask(line)) return undefined;
  const [app = '', task = ''] = line.args;
  const tasks = await sources.tasks(app);
  return Object.hasOwn(tasks, task) ? tasks[task] : undefined;
}

function isTask(line: TypedLine): boolean {
  return line.spec?.name === 'run' && line.args.length >= 2;
}

async function taskNames(app: string, sources: Sources): Promise<Candidate[]> {
  return Object.entries(await sources.tasks(app)).map(([value, { summary }]) => ({ value, description: summary }));
}

function described(values: readonly string[], description = ''): Candidate[] {
  return values.map((value) => ({ value, description }));
}
