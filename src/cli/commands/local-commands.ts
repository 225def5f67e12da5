import type { FaultKind } from 'golden-pipeline-local-cloud/client';
import type { CommandSpec, OptionSpec } from '../command.ts';

/** Repeated here, because the help loads no other code; a test holds the two lists together. */
export const faultKindNames: readonly FaultKind[] = [
  ...(['throttle', 'error', 'cut-before', 'cut-after', 'latency', 'eventual-consistency', 'bake-fail'] as const),
  ...(['bake-slow', 'boot-dead', 'never-healthy', 'flapping', 'late-drain', 'insufficient-capacity'] as const),
  ...(['zone-lost', 'backend-kill', 'alarm'] as const),
];

/** What `local fault` takes; each kind of fault takes some of it, and says which. */
const faultOptions: readonly OptionSpec[] = [
  { flags: '--operation <name>', description: 'only calls of this operation; * stands for any characters' },
  { flags: '--service <name>', description: 'only calls of this service, e.g. ec2 or s3' },
  { flags: '--region <name>', description: 'only calls for this region' },
  { flags: '--zone <name>', description: 'only in this zone, e.g. eu-west-1a' },
  { flags: '--instance <id>', description: 'only this machine' },
  { flags: '--image <id>', description: 'only machines of this image' },
  { flags: '--group <name>', description: 'only machines of this Auto Scaling group' },
  { flags: '--type <name>', description: 'only instances of this type' },
  { flags: '--alarm <name>', description: 'the CloudWatch alarm to put into ALARM' },
  { flags: '--rate <share>', description: 'how likely it strikes, e.g. 0.1', default: '1' },
  { flags: '--count <n>', description: 'how often it strikes at most' },
  { flags: '--for <time>', description: 'how long it lasts, e.g. 30s' },
  { flags: '--code <code>', description: 'error code of the answer' },
  { flags: '--status <n>', description: 'HTTP status of the answer' },
  { flags: '--message <text>', description: 'what the error says' },
  { flags: '--delay <time>', description: 'how much later, or for how long, e.g. 5s' },
  { flags: '--period <time>', description: 'how long a flapping target is up, and then down' },
  { flags: '--profile <name>', description: "rate limits: AWS's published ones", choices: ['published'] },
  { flags: '--bucket <capacity/refill>', description: 'one bucket instead, with its tokens a second, e.g. 5/2' },
];

/** Commands for the local cloud. */
export const localCommands: readonly CommandSpec[] = [
  {
    name: 'local up',
    summary: 'start the local cloud and a fleet for each app with a local environment, or apply what has changed there',
    options: [
      { flags: '--port <n>', description: 'port of the endpoint; without it a free one' },
      {
        flags: '--delays <profile>',
        description: 'how long the cloud takes (without it: as long as before, at first quick)',
        choices: ['quick', 'aws'],
      },
      {
        flags: '--driver <kind>',
        description:
          'real machines in sandboxes, or machines of a model (without it: those it has, at first sandboxes)',
        choices: ['sandbox', 'simulated'],
      },
      { flags: '--no-fleets', description: 'only the cloud' },
      {
        flags: '--overwrite',
        description: 'give fleets what pipelines/ says, also where somebody has changed the cloud',
      },
    ],
    load: () => import('./local-up.ts'),
  },
  {
    name: 'local aws',
    summary: 'run the AWS CLI on the local cloud, with its endpoint and keys',
    passThrough: true,
    examples: ['pipeline local aws ec2 describe-instances'],
    load: () => import('./local-aws.ts'),
  },
  { name: 'local down', summary: 'stop the local cloud; its state stays', load: () => import('./local-down.ts') },
  { name: 'local status', summary: 'whether it runs, and where', load: () => import('./local-status.ts') },
  {
    name: 'local fault',
    summary: 'let the local cloud fail on request, to rehearse it',
    arguments: [
      {
        name: '<kind>',
        description: `one of ${faultKindNames.join(', ')}; or list, or clear`,
        suggestions: [...faultKindNames, 'list', 'clear'],
      },
      { name: '[id]', description: 'with clear: only this fault' },
    ],
    options: faultOptions,
    examples: [
      'pipeline local fault error --operation CreateImage --code InternalError --rate 0.1 --for 5m',
      'pipeline local fault cut-after --operation CreateImage --count 1',
      'pipeline local fault zone-lost --zone eu-west-1a',
      'pipeline local fault clear',
    ],
    load: () => import('./local-fault.ts'),
  },
  {
    name: 'local calls',
    summary: 'who called the local cloud, and what was answered',
    options: [
      { flags: '--operation <name>', description: 'only this one; * stands for any characters' },
      { flags: '--service <name>', description: 'only of this service, e.g. ec2' },
      { flags: '--code <code>', description: 'only those answered with this error code' },
      { flags: '--since <when>', description: 'how long ago, e.g. 5m, or a time' },
      { flags: '--limit <n>', description: 'the newest so many', default: '50' },
      { flags: '--totals', description: 'how often each operation was called, since the cloud started' },
    ],
    load: () => import('./local-calls.ts'),
  },
  { name: 'local reset', summary: 'stop the local cloud and delete its state', load: () => import('./local-reset.ts') },
];
