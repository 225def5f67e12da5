import type { CommandSpec, OptionSpec } from '../command.ts';
import { globalOptions } from '../global-options.ts';

/** What is known of a command line that is still being typed, without its last word. */
export interface TypedLine {
  /** Words of the command as far as they go: none yet, a group of commands, or the command's name. */
  path: string[];
  /** The command, once its name is whole. */
  spec?: CommandSpec;
  /** Positional arguments of the command. */
  args: string[];
  /** App that stands first, as in `pipeline api status`, while no command is known. */
  app?: string;
  /** The option whose value comes next. */
  pending?: OptionSpec;
  /** Long names of options that were given. */
  given: string[];
  /** Values of options, by long name. */
  values: Record<string, string>;
}

/** `--env` of `--env <environment>`; completion offers long names. */
export function longName({ flags }: OptionSpec): string {
  return /--[\w-]+/.exec(flags)?.[0] ?? flags;
}

/** Whether the option has a value. */
function takesValue({ flags }: OptionSpec): boolean {
  return /[<[]/.test(flags);
}

/** Bash breaks words at `=`, other shells do not: `--env = staging` and `--env=staging` become `--env staging`. */
export function withoutEquals(words: readonly string[]): string[] {
  const out: string[] = [];
  words.forEach((word, index) => {
    const last = index === words.length - 1;
    if (word !== '=') out.push(word);
    // Right behind the sign nothing has been typed of the value.
    else if (last) out.push('');
  });
  return out;
}

/**
 * Reads the finished words; undefined when they are no command of ours, so that nothing can be said about the next one.
 * @param optionsOf The options that a command line has besides those of every command.
 */
export function readLine(
  words: readonly string[],
  specs: readonly CommandSpec[],
  apps: readonly string[],
  optionsOf: (line: TypedLine) => readonly OptionSpec[],
): TypedLine | undefined {
  const line: TypedLine = { path: [], args: [], given: [], values: {} };
  for (const word of words) {
    if (line.pending) {
      line.values[longName(line.pending)] = word;
      line.pending = undefined;
    } else if (word.startsWith('-')) {
      readOption(line, word, optionsOf(line));
    } else if (line.spec) {
      line.args.push(word);
    } else if (!readCommandWord(line, word, specs, apps)) {
      return undefined;
    }
  }
  return line;
}

function readOption(line: TypedLine, word: string, own: readonly OptionSpec[]): void {
  const [name = word, value] = word.split(/=(.*)/s);
  line.given.push(name);
  const option = [...own, ...globalOptions].find((one) => longName(one) === name);
  if (!option || !takesValue(option)) return;
  if (value === undefined) line.pending = option;
  else line.values[name] = value;
}

function readCommandWord(
  line: TypedLine,
  word: string,
  specs: readonly CommandSpec[],
  apps: readonly string[],
): boolean {
  if (line.app !== undefined) {
    // The same rule as for a line that is run: a command that is about an app wins over a task of that name.
    const command = specs.find((spec) => spec.name === word && isAboutApp(spec));
    line.spec = command ?? specs.find((spec) => spec.name === 'run');
    line.args = command ? [line.app] : [line.app, word];
    return line.spec !== undefined;
  }
  const path = [...line.path, word];
  const name = path.join(' ');
  line.spec = specs.find((spec) => spec.name === name);
  if (line.spec || specs.some((spec) => spec.name.startsWith(`${name} `))) {
    line.path = path;
    return true;
  }
  if (line.path.length > 0 || !apps.includes(word)) return false;
  line.app = word;
  return true;
}

/** True when the command's first argument is an app. */
export function isAboutApp(spec: CommandSpec): boolean {
  return /^[<[]app(\|run)?[>\]]$/.test(spec.arguments?.[0]?.name ?? '');
}
