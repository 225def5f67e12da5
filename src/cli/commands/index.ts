import type { FaultKind } from '../../local-cloud/faults/rule.ts';
import type { ArgumentSpec, CommandSpec, OptionSpec } from '../command.ts';
import { shells } from '../completion/shells.ts';
import { infraCommands } from '../infra/commands.ts';
import { initOptions } from '../init/options.ts';

const app: ArgumentSpec = { name: '<app>', description: 'name of a file in pipelines/, e.g. api' };
const someApp: ArgumentSpec = { name: '[app]', description: 'only this app' };
const dryRun: OptionSpec = { flags: '--dry-run', description: 'print the plan and change nothing' };

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
  { flags: '--alarm <name>', description: 'the CloudWatch alarm that is raised' },
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

/** Words that have commands of their own below them. */
export const groups: Readonly<Record<string, string>> = {
  base: 'the image that every fleet starts from',
  local: 'the local cloud: EC2, Auto Scaling and load balancing on this machine',
  ledger: 'the record of releases, runs and locks',
  infra: 'the AWS resources of the fleets, made by the AWS CDK',
  config: 'the files in pipelines/',
};

const allowDirty = {
  flags: '--allow-dirty',
  description: 'local cloud only: run plays and Packer from files that are not committed, recorded as a snapshot',
};

/** All commands, in the order of the help. */
export const commands: readonly CommandSpec[] = [
  {
    name: 'release',
    summary: 'bake a commit into a golden image and roll the fleet onto it',
    arguments: [app],
    options: [
      { flags: '--ref <ref>', description: 'branch, tag or commit', default: 'HEAD' },
      { flags: '--strategy <name>', description: 'how the fleet changes over', choices: ['rolling', 'blue-green'] },
      {
        flags: '--bake <where>',
        description: 'on a serving host, or on a builder instance',
        choices: ['detach', 'builder'],
      },
      { flags: '--from-base', description: 'on a builder from the newest base image, not from the image that serves' },
      allowDirty,
      { flags: '--irreversible', description: 'versions before it cannot work with its data: no rollback behind it' },
      {
        flags: '--no-rollback-target',
        description: 'also when the image that serves is gone or disabled, so that nothing leads back',
      },
      dryRun,
    ],
    examples: [
      'pipeline release api',
      'pipeline release api --ref v2-candidate --dry-run',
      'pipeline release api --from-base --ref 3f2a9c1',
    ],
    load: () => import('./release.ts'),
  },
  {
    name: 'fast-rollback',
    summary: 'go back to a kept image',
    arguments: [app, { name: '[version]', description: 'e.g. v41; without it the release before the current one' }],
    options: [
      {
        flags: '--how <way>',
        description: 'the way back',
        choices: ['auto', 'switch', 'flip', 'roll'],
        default: 'auto',
      },
      {
        flags: '--force',
        description: 'also to an image that was never known-good, or across an irreversible release',
      },
      { flags: '--supersede', description: 'cancel an active instance refresh first' },
      { flags: '--wait', description: 'end when the whole fleet runs the old image' },
      dryRun,
    ],
    examples: ['pipeline fast-rollback api', 'pipeline fast-rollback api v41'],
    load: () => import('./fast-rollback.ts'),
  },
  {
    name: 'abort',
    summary: 'end the run at work on an app, or put back what a dead one has left',
    arguments: [app],
    load: () => import('./abort.ts'),
  },
  {
    name: 'repair',
    summary: 'make an image launchable that the fleet launches and that is disabled or gone',
    arguments: [app],
    options: [dryRun],
    examples: ['pipeline repair api --dry-run', 'pipeline repair api'],
    load: () => import('./repair.ts'),
  },
  {
    name: 'secrets',
    summary: 'where the secrets of an app are kept and whether they are there; refresh: all hosts read them anew',
    arguments: [
      app,
      {
        name: '[action]',
        description: 'refresh; without it they are listed',
        suggestions: ['refresh'],
      },
    ],
    options: [dryRun],
    examples: ['pipeline secrets api', 'pipeline secrets api refresh'],
    load: () => import('./secrets.ts'),
  },
  {
    name: 'status',
    summary: 'what serves now, on which machines',
    arguments: [someApp],
    load: () => import('./status.ts'),
  },
  {
    name: 'images',
    summary: 'golden images of an app: list, pin, unpin, or prune what is no longer kept',
    arguments: [
      app,
      {
        name: '[action]',
        description: 'pin, unpin or prune; without it they are listed',
        suggestions: ['pin', 'unpin', 'prune'],
      },
      { name: '[version]', description: 'of pin and unpin, e.g. v41' },
    ],
    options: [
      { flags: '--reason <text>', description: 'with pin: why it is kept' },
      { flags: '--force', description: 'with prune: also images that are shared with other accounts' },
      dryRun,
    ],
    examples: [
      'pipeline images api',
      'pipeline images api pin v41 --reason "before the new checkout"',
      'pipeline images api prune --dry-run',
    ],
    load: () => import('./images.ts'),
  },
  {
    name: 'base build',
    summary: 'build the image that fleets start from, with Packer and Ansible',
    arguments: [{ name: '[app]', description: 'whose region, network and login are used, when they differ' }],
    options: [allowDirty],
    load: () => import('./base-build.ts'),
  },
  {
    name: 'base status',
    summary: 'the base images, their age, and which releases are built on them',
    arguments: [someApp],
    load: () => import('./base-status.ts'),
  },
  {
    name: 'history',
    summary: 'runs of an app, newest first',
    arguments: [app],
    options: [{ flags: '--limit <n>', description: 'how many', default: '20' }],
    load: () => import('./history.ts'),
  },
  {
    name: 'scale',
    summary: 'change the size of a fleet, now or for an event',
    arguments: [app, { name: '[n]', description: 'machines that are wanted' }],
    options: [
      { flags: '--at <time>', description: 'when, with its zone, e.g. 2027-03-01T09:30+01:00; without it now' },
      { flags: '--until <time>', description: 'when it goes back to the usual size, by itself' },
      { flags: '--status', description: 'the size, what is held and what is scheduled' },
      { flags: '--cancel', description: 'back to the usual size; nothing stays scheduled or pre-heated' },
      dryRun,
    ],
    examples: [
      'pipeline scale api 350 --at 2027-03-01T09:30+01:00 --until 2027-03-01T14:00+01:00',
      'pipeline scale api 20',
      'pipeline scale api --cancel',
    ],
    load: () => import('./scale.ts'),
  },
  {
    name: 'run',
    summary: 'run a task of an app; also: pipeline <app> <task>',
    arguments: [app, { name: '[task]', description: 'name of the task; without it they are listed' }],
    options: [dryRun],
    passThrough: true,
    load: () => import('./run.ts'),
  },
  {
    name: 'tasks',
    summary: 'everyday tasks of the apps',
    arguments: [someApp],
    load: () => import('./tasks.ts'),
  },
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
  {
    name: 'ledger rebuild',
    summary: "add the releases that the ledger lacks, from the tags of the app's golden images",
    arguments: [app],
    options: [dryRun],
    examples: ['pipeline ledger rebuild api --dry-run'],
    load: () => import('./ledger-rebuild.ts'),
  },
  {
    name: 'doctor',
    summary: 'what would keep a release, a rollback or a scale-out from working, each with its cure',
    arguments: [someApp],
    load: () => import('./doctor.ts'),
  },
  {
    name: 'init',
    summary: 'write pipelines/<app>.ts and a role for it, from a running fleet or from answers',
    arguments: [{ name: '<app>', description: 'name of the new app' }],
    options: initOptions,
    examples: ['pipeline init api --from-group api-production --region eu-west-1', 'pipeline init worker'],
    load: () => import('./init.ts'),
  },
  {
    name: 'config check',
    summary: 'check every file in pipelines/ and say all that is wrong',
    arguments: [someApp],
    load: () => import('./config-check.ts'),
  },
  ...infraCommands,
  {
    name: 'completion',
    summary: 'print the completion script of a shell',
    arguments: [{ name: '<shell>', description: shells.join(', '), suggestions: shells }],
    examples: ['source <(pipeline completion bash)', 'pipeline completion fish | source'],
    load: () => import('./completion.ts'),
  },
  {
    name: 'complete',
    summary: 'what could stand next on the command line; for completion scripts',
    passThrough: true,
    hidden: true,
    // It reads these very descriptors, which it cannot import in turn.
    load: async () => (await import('./complete.ts')).completing(commands, groups),
  },
];
