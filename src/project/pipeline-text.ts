import type { Answers } from './answers.ts';
import { environmentLines, quoted } from './environment-text.ts';

/** The text of `pipelines/<app>.ts`, with comments on what a team should check. */
export function pipelineText(answers: Answers): string {
  const { app, environment, running } = answers;
  const local = answers.cloud === 'local';
  const lines = [
    ...(local ? ["import { userInfo } from 'node:os';"] : []),
    "import { definePipeline } from 'golden-pipeline';",
    '',
    '// Every setting, its default and its unit: golden-pipeline/docs/configuration.md. After a change: pipeline config check',
    'export default definePipeline({',
    `  app: ${quoted(app)},`,
    '  // What is released: a folder of a git repository, at the commit that `--ref` names.',
    `  source: { repository: '.', path: ${quoted(answers.source)} },`,
    '  // How a host is built: this playbook and the role of the app beside it.',
    `  ansible: { playbook: ${quoted(`ansible/${app}.yml`)} },`,
    '  // Where the service listens on each host, and the path that answers 200 when it is able to work.',
    `  service: { port: ${answers.port}, healthPath: ${quoted(answers.healthPath)} },`,
    '  // Fewest and most instances; a roll goes above it for a while.',
    `  capacity: { min: ${answers.min}, max: ${answers.max} },`,
    ...balancerLines(answers),
    ...releaseLines(answers),
    ...instanceLines(answers),
    ...(running ? nameLines(running) : []),
    `  defaultEnvironment: ${quoted(environment)},`,
    '  environments: {',
    ...environmentLines(answers),
    '  },',
    '});',
  ];
  return `${lines.join('\n')}\n`;
}

function balancerLines({ listenerPort, running }: Answers): string[] {
  if (!running) return [`  balancer: { listenerPort: ${listenerPort} },`];
  const { targetGroup: group, validation, deregistrationDelaySeconds } = running;
  const check = properties({
    intervalSeconds: group.HealthCheckIntervalSeconds,
    timeoutSeconds: group.HealthCheckTimeoutSeconds,
    healthyThreshold: group.HealthyThresholdCount,
    unhealthyThreshold: group.UnhealthyThresholdCount,
  });
  return [
    '  // As it is now. A shorter check makes every release quicker.',
    '  balancer: {',
    `    listenerPort: ${listenerPort},`,
    `    healthCheck: { ${check} },`,
    ...(deregistrationDelaySeconds === undefined
      ? []
      : [`    deregistrationDelaySeconds: ${deregistrationDelaySeconds},`]),
    ...(validation ? [`    validationHeader: ${quoted(validation.header)},`] : []),
    '  },',
  ];
}

/** Up to this delay, in seconds, the default of release.timeouts.drain is some minutes longer. */
const shortDelay = 300;

function releaseLines({ healthPath, running, migrate }: Answers): string[] {
  const delay = running?.deregistrationDelaySeconds ?? 0;
  return [
    '  release: {',
    ...(running?.green ? ['    // Two groups share one listener.', "    strategy: 'blue-green',"] : []),
    '    // Known-good images that are kept: so many releases back one can go.',
    '    keep: 5,',
    '    // What must be answered through the balancer before the fleet moves; also with contains: \'"version":"{version}"\'.',
    `    smokeTests: [{ path: ${quoted(healthPath)}, status: 200 }],`,
    ...(migrate ? migrateLines(migrate) : []),
    ...(delay > shortDelay
      ? ['    // Longer than the load balancer shows a host as draining.', `    timeouts: { drain: ${delay + 300} },`]
      : []),
    '  },',
  ];
}

function migrateLines({ command, accepted }: NonNullable<Answers['migrate']>): string[] {
  const setting = `migrate: { command: ${list(command)}, when: 'before-roll', timeoutSeconds: 1800 },`;
  return [
    `    // ${accepted ? 'Changes' : 'To change'} the database once in each release, before the new version starts: golden-pipeline/docs/migrations.md`,
    `    ${accepted ? '' : '// '}${setting}`,
  ];
}

function instanceLines({ running }: Answers): string[] {
  if (!running) return [];
  const { template, group } = running;
  const entries = [
    ...(template.instanceType ? [`    type: ${quoted(template.instanceType)},`] : []),
    ...(template.keyName ? [`    keyName: ${quoted(template.keyName)},`] : []),
    ...(template.imageId
      ? [
          '    // The image of the launch template: the first release starts from it.',
          `    baseImage: ${quoted(template.imageId)},`,
        ]
      : []),
    ...(template.securityGroupIds.length > 0 ? [`    securityGroupIds: ${list(template.securityGroupIds)},`] : []),
    ...(group.subnetIds.length > 0 ? [`    subnetIds: ${list(group.subnetIds)},`] : []),
  ];
  return entries.length === 0 ? [] : ['  instance: {', ...entries, '  },'];
}

function nameLines(running: NonNullable<Answers['running']>): string[] {
  const { group, template, targetGroup, green, validation, loadBalancer } = running;
  return [
    '  // What the fleet is called where it runs.',
    '  names: {',
    `    group: ${quoted(group.name)},`,
    `    launchTemplate: ${quoted(template.name)},`,
    `    targetGroup: ${quoted(targetGroup.TargetGroupName ?? '')},`,
    ...(green
      ? [`    greenGroup: ${quoted(green.group)},`, `    greenTargetGroup: ${quoted(green.targetGroup)},`]
      : []),
    ...(validation
      ? [`    validationTargetGroup: ${quoted(validation.targetGroup)},`]
      : ['    // There is no validation route yet; golden-pipeline/docs/aws-setup.md says what a release needs.']),
    `    loadBalancer: ${quoted(loadBalancer)},`,
    '  },',
  ];
}

function properties(values: Record<string, number | undefined>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ');
}

const list = (values: readonly string[]): string => `[${values.map(quoted).join(', ')}]`;
