import type {
  LabelParameterVersionRequest,
  LabelParameterVersionResult,
  UnlabelParameterVersionRequest,
  UnlabelParameterVersionResult,
} from '@aws-sdk/client-ssm';
import { CloudError, type HandlerTable } from '../wire/handler.ts';
import { constraint } from './errors.ts';
import type { ParameterStore } from './store.ts';

/** Labels of one version at most. */
const mostLabels = 10;

/** Names for versions, each on one version at a time. */
export function labelHandlers(store: ParameterStore): HandlerTable {
  return {
    LabelParameterVersion: (input: LabelParameterVersionRequest): LabelParameterVersionResult => {
      const labels = checkLabels(input.Labels);
      const record = store.get(input.Name ?? '');
      const version = store.version(record, input.ParameterVersion === undefined ? '' : `:${input.ParameterVersion}`);
      const valid = labels.filter(isLabel);
      const joined = [...new Set([...version.labels, ...valid])];
      if (joined.length > mostLabels) {
        throw new CloudError(
          'ParameterVersionLabelLimitExceeded',
          'A parameter version can have at most 10 labels. Move one or more labels to another version and try again.',
        );
      }
      for (const one of record.versions) one.labels = one.labels.filter((label) => !valid.includes(label));
      version.labels = joined;
      store.context.changed();
      return { InvalidLabels: labels.filter((label) => !isLabel(label)), ParameterVersion: version.number };
    },
    UnlabelParameterVersion: (input: UnlabelParameterVersionRequest): UnlabelParameterVersionResult => {
      const labels = checkLabels(input.Labels);
      const record = store.get(input.Name ?? '');
      const version = store.version(record, `:${input.ParameterVersion ?? ''}`);
      const RemovedLabels = labels.filter((label) => version.labels.includes(label));
      version.labels = version.labels.filter((label) => !labels.includes(label));
      store.context.changed();
      return { RemovedLabels, InvalidLabels: labels.filter((label) => !RemovedLabels.includes(label)) };
    },
  };
}

function checkLabels(labels: string[] = []): string[] {
  if (labels.length >= 1 && labels.length <= mostLabels) return labels;
  throw constraint(`[${labels.join(', ')}]`, 'labels', `Member must have length between 1 and ${mostLabels}`);
}

/** Letters, digits and `.-_`, not beginning with a digit, `aws` or `ssm`. */
function isLabel(label: string): boolean {
  return /^(?!\d|aws|ssm)[\w.-]{1,100}$/i.test(label);
}
