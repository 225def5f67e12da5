import { runInNewContext } from 'node:vm';
import type { PutParameterRequest, PutParameterResult } from '@aws-sdk/client-ssm';
import type { ParameterRecord, ParameterVersion } from '../model.ts';
import { CloudError, type HandlerTable } from '../wire/handler.ts';
import { constraint, invalid } from './errors.ts';
import { checkName } from './names.ts';
import type { ParameterStore } from './store.ts';
import { withTags } from './tags.ts';

/** Versions that a parameter keeps. */
const mostVersions = 100;
/** Parameters of the standard tier that a region has at most. */
const mostParameters = 10_000;
/** Characters of a value by tier. */
const sizes = { Standard: 4096, Advanced: 8192 } as const;
const types = ['String', 'StringList', 'SecureString'] as const;
const dataTypes = ['text', 'aws:ec2:image'];

/** PutParameter: a parameter, or its next version. */
export function putHandlers(store: ParameterStore): HandlerTable {
  const { region, clock, changed } = store.context;
  return {
    PutParameter: (input: PutParameterRequest): PutParameterResult => {
      const name = checkName(input.Name ?? '', region.name);
      const present = store.all[name];
      if (present && !input.Overwrite) {
        throw new CloudError(
          'ParameterAlreadyExists',
          'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
        );
      }
      if (input.Overwrite && input.Tags?.length) {
        throw invalid(
          "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.",
        );
      }
      if (!present && Object.keys(store.all).length >= mostParameters) {
        throw new CloudError('ParameterLimitExceeded', 'Parameter limit exceeded. Delete parameters and try again.');
      }
      const version = nextVersion(input, present, clock.now());
      const record = present ?? { name, versions: [], tags: withTags({}, input.Tags) };
      makeRoom(record);
      record.versions.push(version);
      store.all[name] = record;
      changed();
      return { Version: version.number, Tier: version.tier };
    },
  };
}

function nextVersion(input: PutParameterRequest, present: ParameterRecord | undefined, at: number): ParameterVersion {
  const { Value: value = '' } = input;
  const last = present?.versions.at(-1);
  const type = typeOf(input, last);
  const tier = tierOf(input, value, last);
  checkValue(value, tier);
  const allowedPattern = input.AllowedPattern ?? last?.allowedPattern;
  if (allowedPattern) checkPattern(value, allowedPattern);
  const dataType = input.DataType ?? last?.dataType ?? 'text';
  if (!dataTypes.includes(dataType))
    throw invalid(`The following data type is not supported: ${dataType.slice(0, 200)}`);
  if (input.Policies) throw invalid('Parameter policies are not served by the local cloud.');
  return {
    ...{ number: (last?.number ?? 0) + 1, value, type, tier, dataType, labels: [], at },
    ...{ description: input.Description ?? last?.description, allowedPattern },
    ...(type === 'SecureString' && { keyId: input.KeyId ?? last?.keyId ?? 'alias/aws/ssm' }),
  };
}

function typeOf(input: PutParameterRequest, last: ParameterVersion | undefined): ParameterVersion['type'] {
  const type = input.Type ?? last?.type;
  if (!type) throw invalid('A parameter type is required when you create a parameter.');
  if (!types.includes(type)) {
    const set = 'Member must satisfy enum value set: [SecureString, StringList, String]';
    throw constraint(type, 'type', set);
  }
  if (last && type !== last.type) {
    throw new CloudError(
      'HierarchyTypeMismatchException',
      `The type of a parameter can't be changed from ${last.type} to ${type}. Create a new parameter.`,
    );
  }
  return type;
}

/** Advanced parameters do not become standard ones again. */
function tierOf(input: PutParameterRequest, value: string, last: ParameterVersion | undefined) {
  const asked = input.Tier ?? 'Standard';
  if (asked !== 'Standard' && asked !== 'Advanced' && asked !== 'Intelligent-Tiering') {
    throw constraint(asked, 'tier', 'Member must satisfy enum value set: [Advanced, Intelligent-Tiering, Standard]');
  }
  if (last?.tier === 'Advanced') {
    if (input.Tier === 'Standard') {
      throw invalid(
        "This parameter uses the advanced-parameter tier. You can't downgrade a parameter to the standard-parameter tier.",
      );
    }
    return 'Advanced';
  }
  if (asked === 'Intelligent-Tiering') return value.length > sizes.Standard ? 'Advanced' : 'Standard';
  return asked;
}

function checkValue(value: string, tier: keyof typeof sizes): void {
  if (value === '') throw constraint('', 'value', 'Member must have length greater than or equal to 1.');
  if (value.length <= sizes[tier]) return;
  const more =
    tier === 'Standard'
      ? ' To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier.'
      : '';
  throw invalid(`${tier} tier parameters support a maximum parameter value of ${sizes[tier]} characters.${more}`);
}

/** The value itself stays out of the refusal: it may be a secret. */
function checkPattern(value: string, pattern: string): void {
  let fits: unknown;
  try {
    // The pattern is the caller's: one that takes for ever must not stop the cloud.
    fits = runInNewContext('new RegExp("^(?:" + pattern + ")$").test(value)', { pattern, value }, { timeout: 250 });
  } catch {
    throw new CloudError('InvalidAllowedPatternException', `The pattern ${pattern.slice(0, 200)} is not valid.`);
  }
  if (fits === true) return;
  throw new CloudError(
    'ParameterPatternMismatchException',
    `Parameter value can't be validated against allowedPattern: ${pattern}`,
  );
}

/** The oldest version goes when there are too many; one with a label stays, and then there is no room. */
function makeRoom(record: ParameterRecord): void {
  if (record.versions.length < mostVersions) return;
  const [oldest] = record.versions;
  if (oldest?.labels.length) {
    throw new CloudError(
      'ParameterMaxVersionLimitExceeded',
      `You attempted to create a new version of ${record.name} by calling the PutParameter API with the overwrite flag. Version ${oldest.number}, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.`,
    );
  }
  record.versions.shift();
}
