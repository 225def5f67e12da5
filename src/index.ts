// What pipelines/*.ts import. Light on purpose: it is loaded with every command, the validation behind it only when needed.
export { defineEnvironments, definePipeline, defineTasks } from './config/define.ts';
export type { EnvironmentsConfig, PipelineConfig, TasksConfig } from './config/schema/pipeline.ts';
export { type EnvReference, env, type SecretReference, secretsManager, ssm } from './config/secrets.ts';
export type { Fleet } from './config/settings.ts';
export { defineTask } from './tasks/define.ts';
export { onEveryHost, onOneHost, runningHosts } from './tasks/hosts.ts';
export { duration, flag, type Input, optional, text, whole } from './tasks/inputs.ts';
export type { OpeningRule } from './tasks/opening-rule.ts';
export {
  closeSecurityGroup,
  maintenanceOff,
  maintenanceOn,
  openSecurityGroup,
} from './tasks/ready.ts';
export type { Task, TaskContext, TaskStep } from './tasks/types.ts';
