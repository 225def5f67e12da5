import { PipelineError } from '@golden-pipeline/shared/errors';
import type { Services } from '../fleet/services.ts';
import type { Host } from '../hosts/types.ts';

/** The init system that has the service of a host. */
export type ServiceManager = 'systemd' | 'runit';

type Ports = Pick<Services, 'fleet' | 'hosts'>;

/** Seconds that the release role gives a service to stop (`release_stop_timeout`). */
const defaultStopSeconds = 30;
/** What comes on top of them until a command has ended, in milliseconds. */
const marginMs = 60_000;
const answerMs = 10_000;

const asRoot = ({ fleet }: Ports): string[] => (fleet.ssh.become ? ['sudo', '-n'] : []);

/**
 * Which init system has the service, which is named as the app, on a host.
 * @throws PipelineError `restart.no-service` where neither has one, e.g. of a plain playbook with names of its own; `ssh.failed`
 */
export async function findManager(ports: Ports, host: Host): Promise<ServiceManager> {
  const { app } = ports.fleet;
  const answers = async (...argv: string[]) =>
    ports.hosts.run(host, [...asRoot(ports), ...argv], { timeoutMs: answerMs }).then(
      () => true,
      (error: unknown) => {
        if (error instanceof PipelineError && error.code === 'ssh.failed') return false;
        throw error;
      },
    );
  if (await answers('sv', 'status', `/etc/service/${app}`)) return 'runit';
  if (await answers('systemctl', 'cat', '--quiet', `${app}.service`)) return 'systemd';
  throw new PipelineError('restart.no-service', `${host.instanceId} has no service ${app} of systemd or runit`, {
    fix: `name the service ${app}, or restart it by a task of the app (golden-pipeline/docs/tasks.md)`,
  });
}

/**
 * Restarts the service of a host, which serves nobody meanwhile. Whether it becomes healthy is for the load balancer to say.
 * @throws PipelineError `ssh.failed` with what the init system printed
 */
export async function restartService(ports: Ports, host: Host, manager: ServiceManager): Promise<void> {
  const { app, ansible } = ports.fleet;
  const { release_stop_timeout: given } = ansible.variables;
  const seconds = typeof given === 'number' && given > 0 ? Math.ceil(given) : defaultStopSeconds;
  const words = {
    runit: ['sv', '-w', String(seconds), 'force-restart', `/etc/service/${app}`],
    systemd: ['systemctl', 'restart', `${app}.service`],
  }[manager];
  await ports.hosts.run(host, [...asRoot(ports), ...words], { timeoutMs: seconds * 1000 + marginMs });
}
