import type { Clock } from '@golden-pipeline/shared/clock';
import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import { createRunId } from '../engine/run-id.ts';
import type { FleetHost } from '../fleet/fleet-hosts.ts';
import type { Services } from '../fleet/services.ts';
import type { AccessedInstance, AccessRecord } from '../ledger/access.ts';
import { instantText } from '../shared/instant.ts';

/** What is needed of a fleet to do something on its hosts. */
export type AccessPorts = Pick<Services, 'fleet' | 'hosts' | 'ledger' | 'by'>;

/** Who does what, for the record. */
export interface Accessor {
  operation: AccessRecord['operation'];
  /** Name of this computer. */
  host: string;
  /** The command line, without secrets. */
  command: string;
  clock: Clock;
}

/** A record that has been begun. */
export interface BegunAccess {
  readonly id: string;
  /** Writes how it ended. @throws what the ledger throws; the access itself is over then */
  finish(instances: readonly AccessedInstance[]): Promise<void>;
}

/**
 * Writes the record of an access before it begins.
 * @throws PipelineError `access.not-recorded` when the ledger cannot be written: nothing is done without a record
 */
export async function beginAccess(
  { fleet, ledger, by }: AccessPorts,
  { operation, host, command, clock }: Accessor,
  hosts: readonly FleetHost[],
): Promise<BegunAccess> {
  const record: AccessRecord = {
    ...{ id: createRunId(clock), operation, app: fleet.app, environment: fleet.environment },
    ...{ startedAt: instantText(clock.now()), by, host, command },
    instances: hosts.map(({ instanceId, version }) => ({ id: instanceId, ...(version !== undefined && { version }) })),
  };
  try {
    await ledger.access.save(record);
  } catch (error) {
    throw new PipelineError(
      'access.not-recorded',
      `nothing was started, as it cannot be recorded in the ledger: ${messageOf(error)}`,
      {
        fix: `see what is wrong with the ledger: pipeline doctor ${fleet.app} --env ${fleet.environment}`,
        cause: error,
      },
    );
  }
  return {
    id: record.id,
    finish: (instances) =>
      ledger.access.save({ ...record, finishedAt: instantText(clock.now()), instances: [...instances] }),
  };
}
