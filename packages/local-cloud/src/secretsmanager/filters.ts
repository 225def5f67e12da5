import type { SecretRecord } from '../model.ts';
import { constraint } from './errors.ts';

export interface Filter {
  Key?: string;
  Values?: string[];
}

const fields: Record<string, (one: SecretRecord) => string[]> = {
  name: ({ name }) => [name],
  description: ({ description }) => (description === undefined ? [] : [description]),
  'tag-key': ({ tags }) => Object.keys(tags),
  'tag-value': ({ tags }) => Object.values(tags),
  all: ({ name, description = '', tags }) => [name, description, ...Object.keys(tags), ...Object.values(tags)],
};

/** Keeps secrets that fit every filter: one of its values begins a field's text, or with `!` begins none. */
export function keepSecrets(records: SecretRecord[], filters: Filter[] = []): SecretRecord[] {
  return filters.reduce((kept, { Key: key = '', Values: values = [] }) => {
    const read = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (!read) {
      const known = Object.keys(fields).join(', ');
      throw constraint(key, 'filters.1.member.key', `Member must satisfy enum value set: [${known}]`);
    }
    // Names and tags are compared with capitals, descriptions without.
    const fold = (text: string) => (key === 'description' || key === 'all' ? text.toLowerCase() : text);
    return kept.filter((one) => {
      const texts = read(one).map(fold);
      const begins = (value: string) => texts.some((text) => text.startsWith(fold(value)));
      return values.some((value) => (value.startsWith('!') ? !begins(value.slice(1)) : begins(value)));
    });
  }, records);
}
