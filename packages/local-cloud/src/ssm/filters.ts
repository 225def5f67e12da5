import type { ParameterStringFilter, ParametersFilter } from '@aws-sdk/client-ssm';
import type { ParameterRecord, ParameterVersion } from '../model.ts';
import { CloudError } from '../wire/handler.ts';
import { invalid } from './errors.ts';

type Field = (record: ParameterRecord, current: ParameterVersion) => string | undefined | string[];

const fields: Record<string, Field> = {
  Name: ({ name }) => name,
  Type: (_record, { type }) => type,
  KeyId: (_record, { keyId }) => keyId,
  Tier: (_record, { tier }) => tier,
  DataType: (_record, { dataType }) => dataType,
  Label: ({ versions }) => versions.flatMap(({ labels }) => labels),
};

/** What GetParametersByPath filters by; DescribeParameters knows all. */
const ofValues = new Set(['Type', 'KeyId', 'Label']);

/**
 * Keeps the parameters that fit every filter; one of a filter's values must fit.
 * @throws CloudError for keys and options that the operation does not have
 */
export function applyFilters(
  records: ParameterRecord[],
  filters: ParameterStringFilter[] = [],
  of: 'values' | 'descriptions' = 'descriptions',
): ParameterRecord[] {
  let kept = records;
  for (const { Key: key = '', Option: option = 'Equals', Values: values = [] } of filters) {
    if (of === 'values' && !ofValues.has(key)) {
      throw new CloudError(
        'InvalidFilterKey',
        `The following filter key is not valid: ${key}. Valid filter keys include: [Type, KeyId, Label].`,
      );
    }
    if (key === 'Path') {
      kept = kept.filter(({ name }) => values.some((path) => isBelow(name, path, option)));
      continue;
    }
    const fits = matcher(option, key);
    const read = fieldOf(key);
    kept = kept.filter((record) => {
      const found = [read(record, record.versions.at(-1) as ParameterVersion)].flat();
      const present = found.filter((one): one is string => one !== undefined);
      // A tag filter without values asks whether the tag is there.
      if (values.length === 0) return present.length > 0;
      return present.some((one) => values.some((value) => fits(one, value)));
    });
  }
  return kept;
}

/** The older kind of filters, whose values are beginnings of names. */
export function fromOldFilters(filters: ParametersFilter[] = []): ParameterStringFilter[] {
  return filters.map(({ Key, Values }) => ({ Key, Values, Option: Key === 'Name' ? 'BeginsWith' : 'Equals' }));
}

function fieldOf(key: string): Field {
  if (key.startsWith('tag:')) {
    const name = key.slice('tag:'.length);
    return ({ tags }) => (Object.hasOwn(tags, name) ? tags[name] : undefined);
  }
  const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
  if (field) return field;
  throw new CloudError('InvalidFilterKey', `The specified key isn't valid: ${key.slice(0, 200)}`);
}

function matcher(option: string, key: string): (text: string, value: string) => boolean {
  if (option === 'Equals') return (text, value) => text === value || (key === 'Name' && text === `/${value}`);
  if (option === 'BeginsWith') {
    return (text, value) => text.startsWith(value) || (key === 'Name' && text.startsWith(`/${value}`));
  }
  if (option === 'Contains') return (text, value) => text.includes(value);
  throw new CloudError('InvalidFilterOption', `The following filter option is not valid: ${option.slice(0, 200)}.`);
}

function isBelow(name: string, path: string, option: string): boolean {
  if (option !== 'Recursive' && option !== 'OneLevel' && option !== 'Equals') {
    throw invalid(`The filter Path takes the options Recursive and OneLevel, not ${option.slice(0, 200)}.`);
  }
  const below = path.endsWith('/') ? path : `${path}/`;
  return name.startsWith(below) && (option === 'Recursive' || !name.slice(below.length).includes('/'));
}
