import type { PipelineConfig, TasksConfig } from './schema/pipeline.ts';

/**
 * Names the configuration of an app, for completion and type checks in the editor; it is validated when it is loaded.
 * Durations carry their unit in the key, e.g. `verifySeconds`.
 */
export function definePipeline(config: PipelineConfig): PipelineConfig {
  return config;
}

/** Names everyday tasks that belong to no single app, e.g. `pipelines/sg.ts`: no fleet, only tasks. */
export function defineTasks(config: TasksConfig): TasksConfig {
  return config;
}
