import { userInfo } from 'node:os';
import { definePipeline, defineTask, onOneHost, text } from 'golden-pipeline';

const queues = ['tickets', 'mails'];

/** The worker's own program does it, for all instances at once; `stop` waits until no message is in progress. */
const consumers = (verb: 'stop' | 'start', queue: string) => [
  'env',
  `REDIS_URL=${redis}`,
  'node',
  '/srv/heracles/current/bin/consumers.js',
  verb,
  queue,
];
/** The program itself gives up after 60 s, and says so. */
const patienceMs = 90_000;
const redis = process.env.HERACLES_REDIS_URL ?? 'redis://127.0.0.1:6379';

const consuming = (verb: 'stop' | 'start', other: 'stop' | 'start') =>
  defineTask({
    summary: `${verb} consuming messages of a queue`,
    arguments: { queue: text('name of the queue', { choices: queues }) },
    undoneBy: ({ queue }) => `${other}-consuming-messages ${queue}`,
    describe: ({ queue }) => [`${verb} the consumers of ${queue} on all instances`],
    async run(context, { queue }) {
      const printed = await context.change({ action: `${verb}-consumers`, target: queue }, () =>
        onOneHost(context, consumers(verb, queue), patienceMs),
      );
      const { waiting, done } = JSON.parse(printed);
      context.note(`${queue}: ${verb === 'stop' ? 'stopped' : 'started'}, ${waiting} waiting, ${done} done`);
    },
    async undo(context, { queue }) {
      await context.change({ action: `${other}-consumers`, target: queue }, () =>
        onOneHost(context, consumers(other, queue), patienceMs),
      );
    },
  });

export default definePipeline({
  app: 'heracles',
  source: { repository: '.', path: 'examples/heracles' },
  ansible: { playbook: 'ansible/heracles.yml', variables: { heracles_redis_url: redis } },
  service: { port: 3100, healthPath: '/health' },
  capacity: { min: 2, max: 6 },
  balancer: { listenerPort: 8081 },
  release: {
    smokeTests: [{ path: '/version', status: 200, contains: '"version":"{version}"' }],
    around: queues.map((queue) => ({
      before: 'stop-consuming-messages',
      after: 'start-consuming-messages',
      arguments: [queue],
    })),
  },
  tasks: {
    'stop-consuming-messages': consuming('stop', 'start'),
    'start-consuming-messages': consuming('start', 'stop'),
  },
  defaultEnvironment: 'local',
  environments: {
    local: {
      cloud: 'local',
      ssh: { user: userInfo().username, port: 2222, privateKey: '.pipeline/local-key/id_ed25519', become: false },
      instance: { keyName: 'golden-pipeline' },
      balancer: { healthCheck: { intervalSeconds: 1, timeoutSeconds: 1 }, deregistrationDelaySeconds: 5 },
      release: {
        verifySeconds: 3,
        pollSeconds: 0.25,
        timeouts: { health: 60, bake: 60, drain: 30, refresh: 180, ansible: 180 },
      },
    },
    production: { cloud: 'aws', region: 'eu-west-1', ledger: { type: 's3', bucket: 'golden-pipeline-production' } },
  },
});
