import type { Fleet } from '../config/settings.ts';
import type { RunContext, Step } from '../engine/step.ts';
import type { Services } from '../fleet/services.ts';
import type { Inputs, Values } from './inputs.ts';

/** Facts of a task's run, as journaled: its inputs, and what its steps save. */
export interface TaskState {
  inputs: Record<string, unknown>;
  [fact: string]: unknown;
}

/** The ports of a task: those of every operation, and what only tasks need. */
export interface TaskServices extends Services {
  /** IPv4 address under which the cloud sees this machine. @throws PipelineError `address.unknown` */
  ownAddress(): Promise<string>;
}

export type TaskContext = RunContext<TaskServices, TaskState>;
export type TaskStep = Step<TaskServices, TaskState>;

/**
 * An everyday task of a team: a command `pipeline <app> <task>` with typed inputs, made of steps, so that it has the same plan, journal,
 * lock, events and undo as a release.
 */
export interface Task {
  /** One line for `pipeline tasks`. */
  readonly summary: string;
  /** Positional inputs, in their order. */
  readonly arguments: Inputs;
  /** Inputs given as `--name value`. */
  readonly options: Inputs;
  /** The steps for these inputs; it changes nothing itself. May load what it needs. @throws usage errors for inputs that do not go together */
  steps(inputs: Record<string, unknown>, fleet: Fleet): readonly TaskStep[] | Promise<readonly TaskStep[]>;
  /** The command that takes it back, without `pipeline <app>`. */
  undoneBy?(inputs: Record<string, unknown>): string | undefined;
}

/** A task as a team writes it. */
export interface TaskDefinition<A extends Inputs, O extends Inputs> {
  summary: string;
  arguments?: A;
  options?: O;
  undoneBy?(inputs: Values<A> & Values<O>): string | undefined;
}

/** With steps, or with one step's `describe`, `run` and `undo`. */
export type TaskBody<I> =
  | { steps(inputs: I, fleet: Fleet): readonly TaskStep[] | Promise<readonly TaskStep[]> }
  | {
      describe(inputs: I, fleet: Fleet): string[];
      run(context: TaskContext, inputs: I): Promise<void>;
      undo?(context: TaskContext, inputs: I): Promise<void>;
    };
