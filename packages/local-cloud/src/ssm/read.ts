import type {
  GetParameterHistoryRequest,
  GetParameterHistoryResult,
  GetParameterRequest,
  GetParameterResult,
  GetParametersByPathRequest,
  GetParametersByPathResult,
  GetParametersRequest,
  GetParametersResult,
  Parameter,
} from '@aws-sdk/client-ssm';
import { CloudError, type HandlerTable } from '../wire/handler.ts';
import { constraint } from './errors.ts';
import { applyFilters } from './filters.ts';
import { checkPath, readSelector } from './names.ts';
import { pageOf } from './pages.ts';
import { toHistory, toParameter } from './shape.ts';
import type { ParameterStore } from './store.ts';

/** Names that GetParameters and DeleteParameters take at most. */
export const mostNames = 10;

/** The operations that give values. */
export function readHandlers(store: ParameterStore): HandlerTable {
  const region = store.context.region.name;
  const read = (text: string, decrypted: boolean | undefined): Parameter => {
    const wanted = readSelector(text, region);
    const record = store.find(wanted) ?? store.get(wanted.name);
    const { selector } = wanted;
    return toParameter(record, store.version(record, selector), { region, decrypted, selector });
  };
  return {
    GetParameter: ({ Name = '', WithDecryption }: GetParameterRequest): GetParameterResult => ({
      Parameter: read(Name, WithDecryption),
    }),
    GetParameters: ({ Names, WithDecryption }: GetParametersRequest): GetParametersResult => {
      const names = checkNames(Names);
      const found: Parameter[] = [];
      const InvalidParameters: string[] = [];
      for (const name of names) {
        try {
          found.push(read(name, WithDecryption));
        } catch (error) {
          if (!(error instanceof CloudError)) throw error;
          InvalidParameters.push(name);
        }
      }
      return { Parameters: found, InvalidParameters };
    },
    GetParametersByPath: (input: GetParametersByPathRequest): GetParametersByPathResult => {
      const path = checkPath(input.Path ?? '');
      const below = path.endsWith('/') ? path : `${path}/`;
      const isMeant = (name: string) =>
        name.startsWith(below) && (input.Recursive === true || !name.slice(below.length).includes('/'));
      const records = Object.values(store.all).filter(({ name }) => isMeant(name));
      const kept = applyFilters(records, input.ParameterFilters, 'values');
      const page = pageOf(kept, input, { most: 10, usual: 10 }, ({ name }) => name);
      const reading = { region, decrypted: input.WithDecryption };
      return {
        // Where labels are requested, the versions that carry them are given.
        Parameters: page.items.map((record) => toParameter(record, labeled(store, record, input), reading)),
        NextToken: page.nextToken,
      };
    },
    GetParameterHistory: (input: GetParameterHistoryRequest): GetParameterHistoryResult => {
      const wanted = readSelector(input.Name ?? '', region);
      const record = store.find(wanted) ?? store.get(wanted.name);
      const key = ({ number }: { number: number }) => String(number).padStart(12, '0');
      const page = pageOf(record.versions, input, { most: 50, usual: 50 }, key);
      const reading = { region, decrypted: input.WithDecryption };
      return { Parameters: page.items.map((one) => toHistory(record, one, reading)), NextToken: page.nextToken };
    },
  };
}

function labeled(
  store: ParameterStore,
  record: Parameters<ParameterStore['version']>[0],
  { ParameterFilters: filters = [] }: GetParametersByPathRequest,
) {
  const labels = filters.find(({ Key }) => Key === 'Label')?.Values ?? [];
  const found = record.versions.find((one) => one.labels.some((label) => labels.includes(label)));
  return found ?? store.version(record, '');
}

/** @throws CloudError `ValidationException` for none, more than ten, and a name that is there twice */
export function checkNames(names: string[] = []): string[] {
  const shown = `[${names.join(', ')}]`;
  if (names.length === 0) {
    throw constraint(shown, 'names', 'Member must have length greater than or equal to 1.');
  }
  if (names.length > mostNames) {
    throw constraint(shown, 'names', `Member must have length less than or equal to ${mostNames}.`);
  }
  return [...new Set(names)];
}
