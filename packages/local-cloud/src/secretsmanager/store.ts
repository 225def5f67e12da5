import { randomInt } from 'node:crypto';
import type { CloudContext } from '../context.ts';
import { type SecretRecord, type SecretVersion, table } from '../model.ts';
import { account } from '../settings.ts';
import { invalidRequest, notFound } from './errors.ts';
import { current } from './stages.ts';

export type SecretContext = Pick<CloudContext, 'state' | 'region' | 'clock' | 'changed'>;

/** The secrets of a region. Those whose recovery window is over go when somebody looks. */
export class SecretStore {
  readonly context: SecretContext;

  constructor(context: SecretContext) {
    this.context = context;
  }

  /** By name. */
  get all(): Record<string, SecretRecord> {
    const { state, clock, changed } = this.context;
    state.secrets ??= table();
    for (const { name, goneAt } of Object.values(state.secrets)) {
      if (goneAt === undefined || goneAt > clock.now()) continue;
      delete state.secrets[name];
      changed();
    }
    return state.secrets;
  }

  /** A secret by name, ARN, or ARN without its last six characters. @throws CloudError `ResourceNotFoundException` */
  get(id: string): SecretRecord {
    const all = this.all;
    const named = id.startsWith('arn:') ? undefined : all[id];
    const found = named ?? Object.values(all).find(({ arn }) => arn === id || arn.slice(0, -7) === id);
    if (!found) throw notFound();
    return found;
  }

  /** The same, and not one whose deletion is scheduled. @throws CloudError `InvalidRequestException` */
  live(id: string): SecretRecord {
    const record = this.get(id);
    if (record.deletedAt === undefined) return record;
    throw invalidRequest("You can't perform this operation on the secret because it was marked for deletion.");
  }

  newArn(name: string): string {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
    const suffix = Array.from({ length: 6 }, () => letters[randomInt(letters.length)]).join('');
    return `arn:aws:secretsmanager:${this.context.region.name}:${account.id}:secret:${name}-${suffix}`;
  }

  /** The version asked for; the current one by default. @throws CloudError `ResourceNotFoundException` */
  version(record: SecretRecord, { VersionId: id, VersionStage: stage }: { VersionId?: string; VersionStage?: string }) {
    const found: SecretVersion | undefined = record.versions.find((one) => {
      if (id !== undefined) return one.id === id;
      return one.stages.includes(stage ?? current);
    });
    if (!found) {
      const what = id === undefined ? `staging label: ${stage ?? current}` : `VersionId: ${id}`;
      throw notFound(`Secrets Manager can't find the specified secret value for ${what}`);
    }
    if (id !== undefined && stage !== undefined && !found.stages.includes(stage)) {
      throw invalidRequest('You provided a VersionStage that is not associated to the provided VersionId.');
    }
    return found;
  }
}
