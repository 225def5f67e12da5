import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type AwsClients, createClients } from '../../../src/aws/clients.ts';
import { provisionFleets } from '../../../src/cli/local-fleets.ts';
import { loadFleet } from '../../../src/config/load.ts';
import type { Fleet } from '../../../src/config/settings.ts';
import { createFileLedger } from '../../../src/ledger/ledger.ts';
import { type LocalCloud, startLocalCloud } from '../../../src/local-cloud/daemon/cloud.ts';
import { planTask } from '../../../src/operations/run-task.ts';
import { execute, type RunResult } from '../../../src/run/execute.ts';
import { createRunId } from '../../../src/run/run-id.ts';
import type { Clock } from '../../../src/shared/clock.ts';
import type { Task, TaskServices, TaskState } from '../../../src/tasks/types.ts';
import { file, minimal } from '../../config/support/project.ts';
import { steadyClock } from '../../support/steady-clock.ts';

/** A fleet on simulated machines, for tasks to be run on; its clock runs faster. */
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
  run(task: Task, inputs?: Record<string, unknown>, signal?: AbortSignal): Promise<RunResult<TaskState>>;
  close(): Promise<void>;
}

export async function rehearse(settings: Record<string, unknown> = {}): Promise<Rehearsal> {
  const clock = steadyClock(20);
  const dir = await mkdtemp(path.join(tmpdir(), 'gp-task-'));
  await mkdir(path.join(dir, 'pipelines'));
  await writeFile(path.join(dir, 'pipelines', 'api.ts'), file(minimal(settings)));
  const cloud: LocalCloud = await startLocalCloud({ dir: path.join(dir, 'cloud'), driver: 'simulated', clock });
  const { endpoint, region, credentials } = cloud;
  const aws = createClients({ region, endpoint, credentials });
  const key = path.join(dir, 'key');
  const fleet = await loadFleet({ projectDir: dir, app: 'api' });
  fleet.ssh.privateKey = key;
  await provisionFleets({ projectDir: dir, cloud: { endpoint, region, ...credentials }, note: () => undefined });
  const ledger = createFileLedger({
    dir: path.join(dir, 'ledger'),
    environment: 'local',
    clock,
    identity: { owner: 'tester', host: 'here' },
  });
  const refused = () => Promise.reject(new Error('no machine is reached here'));
  let answer: Rehearsal['answer'] = () => ({ status: 200, body: '' });
  const services: TaskServices = {
    fleet,
    aws,
    elsewhere: () => [],
    hosts: {
      waitReachable: refused,
      forget: async () => undefined,
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
      await cloud.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
