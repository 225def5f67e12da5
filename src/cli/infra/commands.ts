import type { CommandSpec } from '../command.ts';

/** Commands of the AWS CDK that `pipeline infra` runs on the project's fleets; stacks and options after them are for the CDK. */
export const infraCommands: readonly CommandSpec[] = [
  { verb: 'synth', summary: 'write the CloudFormation templates to .pipeline/cdk.out', words: '--quiet' },
  { verb: 'diff', summary: 'compare the templates with what is deployed', words: 'api-production' },
  { verb: 'deploy', summary: 'create or update stacks', words: 'api-production' },
  { verb: 'bootstrap', summary: 'prepare accounts and regions for deploys, once', words: '' },
].map(({ verb, summary, words }) => ({
  name: `infra ${verb}`,
  summary,
  passThrough: true,
  examples: [`pipeline infra ${verb} ${words}`.trim()],
  load: async () => (await import('../commands/infra.ts')).infraCommand(verb),
}));
