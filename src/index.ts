// What pipelines/*.ts import. Light on purpose: it is loaded with every command, the validation behind it only when needed.
export { definePipeline } from './config/define.ts';
export type { PipelineConfig } from './config/schema/pipeline.ts';
export type { Fleet } from './config/settings.ts';
