import type { CloudContext } from '../context.ts';
import { type ParameterRecord, type ParameterVersion, table } from '../model.ts';
import { CloudError } from '../wire/handler.ts';
import type { Wanted } from './names.ts';

export type ParameterContext = Pick<CloudContext, 'state' | 'region' | 'clock' | 'changed'>;

/** The parameters of a region by name. A name with a slash is never the same as one without. */
export class ParameterStore {
  readonly context: ParameterContext;

  constructor(context: ParameterContext) {
    this.context = context;
    context.state.parameters ??= table();
  }

  get all(): Record<string, ParameterRecord> {
    const { state } = this.context;
    state.parameters ??= table();
    return state.parameters;
  }

  /** @throws CloudError `ParameterNotFound` */
  get(name: string): ParameterRecord {
    const found = this.all[name];
    if (!found) throw new CloudError('ParameterNotFound', `Parameter ${name} not found.`);
    return found;
  }

  /** The record that an ARN or a name means: an ARN does not tell whether the name begins with a slash. */
  find({ text, name }: Wanted): ParameterRecord | undefined {
    return this.all[name] ?? (text.startsWith('arn:') ? this.all[`/${name}`] : undefined);
  }

  /** @throws CloudError `ParameterVersionNotFound` for a version or label that the parameter does not have */
  version(record: ParameterRecord, selector: string): ParameterVersion {
    const wanted = selector.slice(1);
    const found = /^\d+$/.test(wanted)
      ? record.versions.find(({ number }) => number === Number(wanted))
      : record.versions.find(({ labels }) => labels.includes(wanted));
    const version = selector === '' ? record.versions.at(-1) : found;
    if (version) return version;
    throw new CloudError(
      'ParameterVersionNotFound',
      `Systems Manager could not find version ${wanted} of ${record.name}. Verify the version and try again.`,
    );
  }
}
