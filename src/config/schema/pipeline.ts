import { z } from 'zod';
import { appPattern, environmentPattern, nameRules } from '../names.ts';
import { ansibleSection } from './ansible.ts';
import { infrastructureSection } from './infrastructure.ts';
import { notifySection } from './notify.ts';
import { overrides } from './overrides.ts';
import { secretsSection } from './secrets.ts';
import {
  balancerSection,
  capacitySection,
  instanceSection,
  ledgerSection,
  namesSection,
  releaseSection,
  scaleSection,
  serviceSection,
  sourceSection,
} from './sections.ts';
import { sshSection } from './ssh.ts';
import { tasksSection } from './tasks.ts';
import { oneOf, regionName, section, shaped } from './values.ts';

/** The sections that a file sets for all environments and that each environment may override. */
export const sections = {
  source: sourceSection,
  ansible: ansibleSection,
  service: serviceSection,
  capacity: capacitySection,
  scale: scaleSection,
  instance: instanceSection,
  balancer: balancerSection,
  release: releaseSection,
  ssh: sshSection,
  ledger: ledgerSection,
  names: namesSection,
  infrastructure: infrastructureSection,
  secrets: secretsSection,
  notify: notifySection,
} as const;

export type SectionName = keyof typeof sections;

const environmentKey = () => shaped(environmentPattern, nameRules.environment);

const environmentSection = section({
  inherits: environmentKey().optional().describe('Environment whose settings this one starts from.'),
  cloud: oneOf(['aws', 'local'])
    .optional()
    .describe(
      '`aws`: the account of the credentials; `local`: the cloud that `pipeline local up` starts. Needed unless inherited.',
    ),
  region: regionName().optional().describe('AWS region. Needed for `aws` unless inherited; `local` has `eu-west-1`.'),
  source: overrides(sourceSection).optional().describe('Overrides of `source`.'),
  ansible: overrides(ansibleSection).optional().describe('Overrides of `ansible`.'),
  service: overrides(serviceSection).optional().describe('Overrides of `service`.'),
  capacity: overrides(capacitySection).optional().describe('Overrides of `capacity`.'),
  scale: overrides(scaleSection).optional().describe('Overrides of `scale`.'),
  instance: overrides(instanceSection).optional().describe('Overrides of `instance`.'),
  balancer: overrides(balancerSection).optional().describe('Overrides of `balancer`.'),
  release: overrides(releaseSection).optional().describe('Overrides of `release`.'),
  ssh: overrides(sshSection).optional().describe('Overrides of `ssh`.'),
  ledger: overrides(ledgerSection).optional().describe('Overrides of `ledger`.'),
  names: overrides(namesSection).optional().describe('Overrides of `names`.'),
  infrastructure: overrides(infrastructureSection).optional().describe('Overrides of `infrastructure`.'),
  secrets: secretsSection.optional().describe('Secrets with another reference in this environment, or only used here.'),
  notify: overrides(notifySection).optional().describe('Overrides of `notify`.'),
}).describe('One environment: its cloud and region, and its overrides.');

/**
 * A file of `pipelines/`. The reference page and the JSON Schema are generated from its keys, types, defaults and
 * descriptions.
 */
export const pipelineSchema = section({
  app: shaped(appPattern, nameRules.app).describe(
    'Name of the app; the same as the name of the file, and not that of a command.',
  ),
  source: sourceSection,
  ansible: ansibleSection,
  service: serviceSection,
  capacity: capacitySection.prefault({}).describe(capacitySection.description ?? ''),
  scale: scaleSection.prefault({}).describe(scaleSection.description ?? ''),
  instance: instanceSection.prefault({}).describe(instanceSection.description ?? ''),
  balancer: balancerSection.prefault({}).describe(balancerSection.description ?? ''),
  release: releaseSection.prefault({}).describe(releaseSection.description ?? ''),
  ssh: sshSection.prefault({}).describe(sshSection.description ?? ''),
  ledger: ledgerSection.prefault({}).describe(ledgerSection.description ?? ''),
  names: namesSection.prefault({}).describe(namesSection.description ?? ''),
  infrastructure: infrastructureSection.prefault({}).describe(infrastructureSection.description ?? ''),
  secrets: secretsSection.default({}).describe(secretsSection.description ?? ''),
  notify: notifySection.prefault({}).describe(notifySection.description ?? ''),
  tasks: tasksSection.default({}).describe(tasksSection.description ?? ''),
  defaultEnvironment: environmentKey()
    .optional()
    .describe('Environment that is used without `--env`. The default is the only environment.'),
  environments: z
    .record(environmentKey(), environmentSection, { error: 'environments by name in { }' })
    .refine((all) => Object.keys(all).length > 0, { error: 'at least one environment' })
    .describe('The environments by name; each may inherit from another and overrides single settings.'),
}).describe('Configuration of one app, in `pipelines/<app>.ts`.');

/** Argument of `definePipeline`. */
export type PipelineConfig = z.input<typeof pipelineSchema>;

/** `pipelines/environments.ts`: what the files of all apps share. */
export const environmentsSchema = section({
  notify: overrides(notifySection).optional(),
  environments: z
    .record(environmentKey(), section({ notify: overrides(notifySection).optional() }), {
      error: 'environments by name in { }',
    })
    .optional(),
});

/** Argument of `defineEnvironments`. */
export type EnvironmentsConfig = z.input<typeof environmentsSchema>;

/** A file with tasks and no fleet. */
export const tasksSchema = section({
  app: shaped(appPattern, nameRules.app).describe(
    'Name of the group of tasks; the same as the name of the file, and not that of a command.',
  ),
  tasks: tasksSection,
  defaultEnvironment: environmentKey().optional(),
  ledger: ledgerSection.prefault({}),
  environments: z
    .record(
      environmentKey(),
      section({
        inherits: environmentKey().optional(),
        cloud: oneOf(['aws', 'local']).optional(),
        region: regionName().optional(),
        ledger: overrides(ledgerSection).optional(),
      }),
      { error: 'environments by name in { }' },
    )
    .refine((all) => Object.keys(all).length > 0, { error: 'at least one environment' }),
});

/** Argument of `defineTasks`. */
export type TasksConfig = z.input<typeof tasksSchema>;

/** True for a file with tasks and without the sections of a fleet. */
export function hasOnlyTasks(raw: unknown): boolean {
  if (typeof raw !== 'object' || raw === null) return false;
  return 'tasks' in raw && !('service' in raw) && !('ansible' in raw) && !('source' in raw);
}
