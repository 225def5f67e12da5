import type { CliContext, GlobalOptions } from './context.ts';

/** One positional argument: `<app>` is required, `[app]` is not. */
export interface ArgumentSpec {
  name: string;
  description: string;
  /** Offered by completion; whether another value will do is for the command to say. */
  suggestions?: readonly string[];
}

/** One option in commander's notation, e.g. `--strategy <name>`. */
export interface OptionSpec {
  flags: string;
  description: string;
  choices?: readonly string[];
  /** Shown in the help; commands apply it themselves, so that they can tell it from a given value. */
  default?: string;
}

/** What a command's module exports. */
export interface CommandModule {
  /**
   * Does the command's work and resolves with the exit code; failures are thrown as PipelineError.
   * @param args Positional arguments in the order of the descriptor; absent ones are undefined.
   */
  run(context: CliContext, args: (string | undefined)[], options: CommandOptions): Promise<number>;
}

/** All of a command's options: its own by their camel-cased names, and those of every command. */
export type CommandOptions = GlobalOptions & { readonly [own: string]: string | boolean | undefined };

/** A command as the help needs it; its code is loaded only when it runs. */
export interface CommandSpec {
  /** Words of the command, e.g. `local up`. */
  name: string;
  summary: string;
  arguments?: readonly ArgumentSpec[];
  options?: readonly OptionSpec[];
  /** Takes words and options that only its own code knows; they are handed on as they are. */
  passThrough?: boolean;
  /** For scripts of ours; the help does not show it. */
  hidden?: boolean;
  /** Lines after the help's list of options. */
  examples?: readonly string[];
  load(): Promise<CommandModule>;
}
