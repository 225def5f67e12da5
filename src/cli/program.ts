import { type PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { Argument, Command, CommanderError, Option } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import type { CommandOptions, CommandSpec } from './command.ts';
import { commands, groups } from './commands/index.ts';
import type { CliContext } from './context.ts';
import { globalOptions } from './global-options.ts';
import { commandMeant } from './meanings.ts';

/** What the arguments ask for: a command to run, or help or the version, which have been printed. */
export type Parsed = { spec: CommandSpec; args: (string | undefined)[]; options: CommandOptions } | 'printed';

/**
 * Reads the arguments. Only descriptors are looked at; no command's code is loaded.
 * @throws usage errors with commander's message and its suggestion as the fix.
 */
export async function parse(context: CliContext, specs: readonly CommandSpec[] = commands): Promise<Parsed> {
  let parsed: Parsed = 'printed';
  let complaint = '';
  const given = await words(context, specs);
  const program = new Command('pipeline');
  program
    .description('Golden images for services on EC2 behind a load balancer: release, roll back, keep.')
    .version(manifest.version, hasOwnVersion(given, specs) ? '-V' : '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .configureHelp({ showGlobalOptions: true, helpWidth: context.stdout.columns ?? 100 })
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      outputError: (text) => {
        complaint = text;
      },
    })
    .exitOverride()
    .showSuggestionAfterError(true);
  for (const { flags, description } of globalOptions) program.option(flags, description);

  const parents = new Map<string, Command>();
  for (const spec of specs) {
    const words = spec.name.split(' ');
    const leaf = words.pop() ?? spec.name;
    const command = group(program, parents, words)
      .command(leaf, { hidden: spec.hidden })
      .description(spec.summary)
      .summary(spec.summary);
    describe(command, spec);
    command.action(() => {
      // In the place of an argument of its own it cannot be meant for what the rest is handed to.
      if (spec.passThrough && spec.arguments && /^(-h|--help)$/.test(command.args[0] ?? ''))
        return command.outputHelp();
      // Read from the whole chain, because options of every command belong to the program.
      parsed = { spec, args: command.args.slice(0), options: command.optsWithGlobals<CommandOptions>() };
    });
  }

  try {
    await program.parseAsync(given, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') return 'printed';
    const wrong = toUsageError(error, complaint, { argv: context.argv, first: program.args[0], specs });
    throw await withStart(context, wrong);
  }
  return parsed;
}

/** The words to parse: what starts with no command of ours may be an app and its task, which needs a look at the project. */
async function words(context: CliContext, specs: readonly CommandSpec[]): Promise<string[]> {
  const [first = ''] = context.argv;
  if (!/^[a-z]/.test(first) || specs.some((spec) => spec.name.split(' ')[0] === first)) return [...context.argv];
  const { asTask } = await import('./as-task.ts');
  return asTask(context, specs);
}

/** Whether `--version` names a version of the app: options of the program are taken wherever they stand. */
function hasOwnVersion(given: readonly string[], specs: readonly CommandSpec[]): boolean {
  const own = specs.filter((spec) => spec.options?.some(({ flags }) => flags.startsWith('--version ')));
  return own.some(({ name }) => given.includes(name));
}

/** Whoever has no project yet, and has not read how to start one, starts with any command. */
async function withStart({ cwd }: CliContext, error: PipelineError): Promise<PipelineError> {
  if (!/^usage\.(missing-argument|unknown-command)$/.test(error.code) || /^did you mean/.test(error.fix ?? ''))
    return error;
  const { hasProject } = await import('../config/project-dir.ts');
  return hasProject(cwd)
    ? error
    : usageError(error.code, error.message, `${error.fix}; to start a project here: pipeline init`);
}

function group(program: Command, parents: Map<string, Command>, words: string[]): Command {
  const name = words.join(' ');
  if (name === '') return program;
  const known = parents.get(name);
  if (known) return known;
  const summary = groups[name] ?? name;
  const parent = program.command(name).description(summary).summary(summary).helpCommand(false);
  parents.set(name, parent);
  return parent;
}

function describe(command: Command, spec: CommandSpec): void {
  for (const { name, description } of spec.arguments ?? []) command.addArgument(new Argument(name, description));
  for (const { flags, description, choices, default: value } of spec.options ?? []) {
    const option = new Option(flags, value === undefined ? description : `${description} (default: ${value})`);
    command.addOption(choices ? option.choices([...choices]) : option);
  }
  if (spec.passThrough) command.allowUnknownOption().allowExcessArguments().helpOption(false);
  if (spec.examples)
    command.addHelpText('after', `\nExamples:\n${spec.examples.map((line) => `  $ ${line}`).join('\n')}`);
}

/** `error: unknown command 'relase'\n(Did you mean release?)` becomes a message and a fix. */
function toUsageError(
  error: CommanderError,
  complaint: string,
  { argv, first: firstWord, specs }: { argv: readonly string[]; first?: string; specs: readonly CommandSpec[] },
): PipelineError {
  if (error.code === 'commander.help') {
    // Commander has printed the help: no further fix is needed.
    return usageError('usage.no-command', 'no command given');
  }
  const [first = error.message, ...more] = (complaint || error.message).trim().split('\n');
  const similar = /^\(Did you mean (.+)\?\)$/s.exec(more.join('\n'))?.[1];
  const unknown = /unknown command '(.+)'/.exec(first)?.[1];
  // Below a group, only its own commands can be meant.
  const suggestion = unknown !== undefined && unknown === firstWord ? commandMeant(unknown, specs, similar) : similar;
  const code = error.code.replace(/^commander\./, 'usage.').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const message = (similar === undefined ? [first, ...more].join('\n') : first).replace(/^error: /, '');
  return usageError(code, message, suggestion === undefined ? helpFor(argv, specs) : `did you mean ${suggestion}?`);
}

/** The help of the command that was meant, as far as it can be told. */
function helpFor(argv: readonly string[], specs: readonly CommandSpec[]): string {
  const spoken = argv.filter((word) => !word.startsWith('-'));
  const isMeant = ({ name }: CommandSpec) => name.split(' ').every((word, at) => spoken[at] === word);
  const [meant] = specs.filter(isMeant).sort((a, b) => b.name.length - a.name.length);
  return meant ? `pipeline ${meant.name} --help` : 'pipeline --help';
}
