import type { EnvironmentsConfig, PipelineConfig, TasksConfig } from './schema/pipeline.ts';

/**
 * Returns the configuration of an app unchanged, for completion and type checks in the editor; it is validated on
 * loading. Durations carry their unit in the key, e.g. `verifySeconds`.
 */
export function definePipeline(config: PipelineConfig): PipelineConfig {
  return config;
}

/** Returns tasks that do not belong to a single app, e.g. in `pipelines/sg.ts`: no fleet, only tasks. */
export function defineTasks(config: TasksConfig): TasksConfig {
  return config;
}

/** Returns what all apps of a project share, in `pipelines/environments.ts`; an app's own file overrides it. */
export function defineEnvironments(config: EnvironmentsConfig): EnvironmentsConfig {
  return config;
}
