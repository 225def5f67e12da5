import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import type { RunningFleet } from '../aws/running-fleet.ts';
import type { Surroundings } from '../composition/surroundings.ts';
import type { Answers } from './answers.ts';

/**
 * Reads the fleet that is to be taken over; undefined when none is named.
 * @throws usage error `init.from-group` for what cannot be the name of a group; as {@link readRunningFleet} does
 */
export async function readRunning(
  context: Surroundings,
  { fromGroup: name, targetGroup, listenerPort }: { fromGroup?: string; targetGroup?: string; listenerPort?: number },
  place: Pick<Answers, 'environment' | 'cloud' | 'region' | 'app'> & { projectDir: string },
): Promise<RunningFleet | undefined> {
  if (name === undefined) return undefined;
  // 1 to 255 characters without a colon, says the API of Auto Scaling.
  if (!/^[^\p{Cc}\p{Zl}\p{Zp}:]{1,255}$/u.test(name)) {
    throw usageError('init.from-group', `${show(name)} is not a name of an Auto Scaling group`);
  }
  const [{ createClients }, { readRunningFleet }, { cloudTarget }] = await Promise.all([
    import('../aws/clients.ts'),
    import('../aws/running-fleet.ts'),
    import('../composition/services.ts'),
  ]);
  const aws = createClients(cloudTarget(context, place));
  try {
    return await readRunningFleet(aws, name, { targetGroup, listenerPort });
  } finally {
    for (const client of Object.values(aws)) client.destroy();
  }
}
