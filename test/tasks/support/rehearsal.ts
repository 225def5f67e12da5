import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { IAMClient } from '@aws-sdk/client-iam';
import type { Clock } from '@golden-pipeline/shared/clock';
import { until } from '@golden-pipeline/shared/testing/until';
import { VirtualClock } from '@golden-pipeline/shared/virtual-clock';
import { startDirectCloud } from 'golden-pipeline-local-cloud';
import { type AwsClients, createClients } from '../../../src/aws/clients.ts';
import { loadFleet } from '../../../src/config/load.ts';
import type { Fleet } from '../../../src/config/settings.ts';
import { execute, type RunResult } from '../../../src/engine/execute.ts';
import { createPoll } from '../../../src/engine/poll.ts';
import { createRunId } from '../../../src/engine/run-id.ts';
import { createLedger } from '../../../src/ledger/ledger.ts';
import { provisionFleets } from '../../../src/provision/fleets.ts';
import { planTask } from '../../../src/tasks/plan.ts';
import type { Task, TaskServices, TaskState } from '../../../src/tasks/types.ts';
import { file, minimal } from '../../config/support/project.ts';
import { createMemoryStore } from '../../support/memory-store.ts';

/** A fleet on simulated machines, for tasks to be run on, in this process and on virtual time. */
export interface Rehearsal {
  dir: string;
  fleet: Fleet;
  aws: AwsClients;
  services: TaskServices;
  clock: Clock;
  /** What the balancer answers: simulated machines serve nothing. */
  answer: () => { status: number; body: string } | Promise<{ status: number; body: string }>;
  /** What the task said. */
  notes: string[];
  /** Reads until what is read fits, a quarter of a second of virtual time apart. */
  until<T>(read: () => Promise<T> | T, fits?: (value: T) => unknown): Promise<T>;
  run(task: Task, inputs?: Record<string, unknown>, signal?: AbortSignal): Promise<RunResult<TaskState>>;
  close(): Promise<void>;
}

export async function rehearse(settings: Record<string, unknown> = {}): Promise<Rehearsal> {
  const clock = new VirtualClock();
  const dir = await mkdtemp(path.join(tmpdir(), 'gp-task-'));
  await mkdir(path.join(dir, 'pipelines'));
  await writeFile(path.join(dir, 'pipelines', 'api.ts'), file(minimal(settings)));
  const cloud = await startDirectCloud({ clock });
  const { region } = cloud;
  const keys = { accessKeyId: 'direct', secretAccessKey: 'direct' };
  const clients = createClients({ region, credentials: keys });
  const aws = { ...clients, iam: new IAMClient({ region: 'us-east-1', credentials: keys }) };
  for (const client of Object.values(aws)) cloud.connect(client);
  const key = path.join(dir, 'key');
  const fleet = await loadFleet({ projectDir: dir, app: 'api' });
  fleet.ssh.privateKey = key;
  const place = { endpoint: 'http://direct.invalid', region, ...keys };
  await provisionFleets({
    projectDir: dir,
    cloud: place,
    note: () => undefined,
    clients: aws,
    poll: createPoll(clock),
  });
  const identity = { owner: 'tester', host: 'here' };
  const ledger = createLedger(createMemoryStore(), { environment: 'local', clock, identity });
  const refused = () => Promise.reject(new Error('no machine is reached here'));
  let answer: Rehearsal['answer'] = () => ({ status: 200, body: '' });
  const services: TaskServices = {
    fleet,
    aws,
    elsewhere: () => [],
    hosts: {
      waitReachable: refused,
      forget: async () => undefined,
      look: refused,
      play: refused,
      run: refused,
      close: async () => undefined,
    },
    ledger,
    probe: async () => ({ ...(await answer()), ms: 1 }),
    ownAddress: async () => '192.0.2.7',
    workDir: dir,
    by: 'tester@here',
  };
  const notes: string[] = [];
  return {
    dir,
    fleet,
    aws,
    services,
    clock,
    notes,
    get answer() {
      return answer;
    },
    set answer(next) {
      answer = next;
    },
    until: (read, fits) => until(read, fits, { pause: () => clock.sleep(250) }),
    async run(task, inputs = {}, signal = new AbortController().signal) {
      const plan = await planTask(services, clock, { name: 'task', steps: await task.steps(inputs, fleet), inputs });
      return execute(plan, {
        services,
        clock,
        sink: (event) => {
          if (event.code === 'step.note') notes.push(event.message);
        },
        journal: ledger,
        runId: createRunId(clock),
        signal,
      });
    },
    async close() {
      for (const client of Object.values(aws)) client.destroy();
      cloud.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
