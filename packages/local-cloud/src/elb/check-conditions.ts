import type { RuleCondition } from '@aws-sdk/client-elastic-load-balancing-v2';
import { invalid } from './errors.ts';
import { aclTests } from './haproxy/conditions.ts';
import { UnsafeValueError } from './haproxy/quote.ts';
import { printable, required } from './validate.ts';

const once = ['host-header', 'path-pattern', 'http-request-method', 'source-ip'];

/** Checks the conditions of a rule by ELB's limits and returns them as they are kept, each with its own config. */
export function checkConditions(given: RuleCondition[] | undefined): Record<string, unknown>[] {
  if (!given?.length) throw invalid('A condition must be specified');
  const conditions = given.map(checkCondition);
  const total = conditions.reduce((sum, { values }) => sum + values, 0);
  if (total > 5) throw invalid('Rules cannot have more than 5 condition values');
  for (const field of once)
    if (conditions.filter(({ kept }) => kept.Field === field).length > 1)
      throw invalid(`A rule can only have one '${field}' condition`);
  return conditions.map(({ kept }) => kept);
}

function checkCondition(condition: RuleCondition): { kept: Record<string, unknown>; values: number } {
  const Field = required(condition.Field, 'condition field');
  const texts = (
    config: { Values?: string[]; RegexValues?: string[] } | undefined,
    max = 128,
    spaces = false,
  ): string[] => {
    if (config?.RegexValues?.length) throw invalid('Regular expressions in conditions are not supported by this cloud');
    const values = config?.Values?.length ? config.Values : (condition.Values ?? []);
    if (!values.length) throw invalid(`Condition '${Field}' must have a value`);
    return values.map((value) => printable(value, `Condition value of '${Field}'`, max, spaces));
  };
  const keep = (key: string, Values: string[], old = false) =>
    tried({ Field, ...(old ? { Values } : {}), [key]: { Values } }, Values.length);
  switch (Field) {
    case 'host-header':
      return keep('HostHeaderConfig', texts(condition.HostHeaderConfig), true);
    case 'path-pattern':
      return keep('PathPatternConfig', texts(condition.PathPatternConfig), true);
    case 'http-request-method':
      return keep('HttpRequestMethodConfig', texts(condition.HttpRequestMethodConfig, 40));
    case 'source-ip':
      return keep('SourceIpConfig', texts(condition.SourceIpConfig));
    case 'http-header': {
      const HttpHeaderName = printable(condition.HttpHeaderConfig?.HttpHeaderName, 'HTTP header name', 40);
      const Values = texts(condition.HttpHeaderConfig, 128, true);
      return tried({ Field, HttpHeaderConfig: { HttpHeaderName, Values } }, Values.length);
    }
    case 'query-string': {
      const pairs = condition.QueryStringConfig?.Values ?? [];
      if (!pairs.length) throw invalid("Condition 'query-string' must have a value");
      const Values = pairs.map(({ Key, Value }) => ({
        ...(Key ? { Key: printable(Key, 'Query string key', 128) } : {}),
        Value: printable(Value, 'Query string value', 128),
      }));
      return tried({ Field, QueryStringConfig: { Values } }, Values.length);
    }
    default:
      throw invalid(
        `Condition field '${Field}' must be one of '[path-pattern, host-header, http-header, http-request-method, query-string, source-ip]'`,
      );
  }
}

/** A condition that the balancer could not express is refused here, not at the next reload. */
function tried(kept: Record<string, unknown>, values: number): { kept: Record<string, unknown>; values: number } {
  try {
    aclTests(kept);
  } catch (error) {
    if (error instanceof UnsafeValueError) throw invalid(error.message);
    throw error;
  }
  return { kept, values };
}
