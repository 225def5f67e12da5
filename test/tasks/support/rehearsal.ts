import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Clock } from '@golden-pipeline/shared/clock';
import { until } from '@golden-pipeline/shared/testing/until';
import type { AwsClients } from '../../../src/aws/clients.ts';
import { loadFleet } from '../../../src/config/load.ts';
import type { Fleet } from '../../../src/config/settings.ts';
import { execute, type RunResult } from '../../../src/engine/execute.ts';
import { createPoll } from '../../../src/engine/poll.ts';
import { createRunId } from '../../../src/engine/run-id.ts';
import type { Services } from '../../../src/fleet/services.ts';
import { provisionFleets } from '../../../src/provision/fleets.ts';
import { planTask } from '../../../src/tasks/plan.ts';
import type { Task, TaskState } from '../../../src/tasks/types.ts';
import { file, minimal } from '../../config/support/project.ts';
import { direct, testServices } from '../../support/simulated-cloud.ts';

/** A fleet on simulated instances, for tasks to be run on, in this process and on virtual time. */
export interface Rehearsal {
  dir: string;
  fleet: Fleet;
  aws: AwsClients;
  services: Services;
  clock: Clock;
  /** What the balancer answers: simulated instances serve nothing. */
  answer: () => { status: number; body: string } | Promise<{ status: number; body: string }>;
  /** What the task said. */
  notes: string[];
  /** Reads until what is read fits, a quarter of a second of virtual time apart. */
  until<T>(read: () => Promise<T> | T, fits?: (value: T) => unknown): Promise<T>;
  run(task: Task, inputs?: Record<string, unknown>, signal?: AbortSignal): Promise<RunResult<TaskState>>;
  close(): Promise<void>;
}

export async function rehearse(settings: Record<string, unknown> = {}): Promise<Rehearsal> {
  const dir = await mkdtemp(path.join(tmpdir(), 'gp-task-'));
  await mkdir(path.join(dir, 'pipelines'));
  await writeFile(path.join(dir, 'pipelines', 'api.ts'), file(minimal(settings)));
  const { cloud, clock } = await direct({});
  const { endpoint, region, credentials } = cloud;
  const aws = cloud.newClients();
  const fleet = await loadFleet({ projectDir: dir, app: 'api' });
  fleet.ssh.privateKey = path.join(dir, 'key');
  await provisionFleets({
    projectDir: dir,
    cloud: { endpoint, region, ...credentials },
    note: () => undefined,
    clients: aws,
    poll: createPoll(clock),
  });
  const services = testServices({ fleet, cloud, aws, clock, dir });
  let answer: Rehearsal['answer'] = () => ({ status: 200, body: '' });
  services.probe = async () => ({ ...(await answer()), ms: 1 });
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
        journal: services.ledger,
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
