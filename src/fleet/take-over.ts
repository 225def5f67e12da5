import { PipelineError } from '@golden-pipeline/shared/errors';
import type { Host } from '../hosts/types.ts';
import type { Services } from './services.ts';
import { switchProgram } from './switch-program.ts';

type Ports = Pick<Services, 'fleet' | 'hosts'>;

/** The new process is started and checked beside the old one, which takes seconds; the rest is for secrets that are read slowly. */
const timeoutMs = 120_000;

/**
 * Lets the service take over from itself, with the secrets that the host holds now.
 * @param code Of the error when it does not: what serves goes on to.
 */
export async function takeOverOnHost({ fleet, hosts }: Ports, host: Host, code: string): Promise<void> {
  const printed = await hosts.run(host, switchProgram(fleet, 'again'), { timeoutMs });
  const { ok, reason } = JSON.parse(printed) as { ok: boolean; reason?: string };
  if (ok) return;
  throw new PipelineError(code, `${host.instanceId} serves on as before: ${reason ?? 'it does not say why'}`);
}

/** Whether the service of a host can take over from itself. */
export async function canTakeOver({ fleet, hosts }: Ports, host: Host): Promise<boolean> {
  try {
    const { environments } = JSON.parse(await hosts.run(host, switchProgram(fleet, 'list'))) as {
      environments?: unknown;
    };
    return Array.isArray(environments) && environments.length > 0;
  } catch (error) {
    // There is no such program, or it has nothing to say.
    if (error instanceof SyntaxError || (error instanceof PipelineError && error.code === 'ssh.failed')) return false;
    throw error;
  }
}
