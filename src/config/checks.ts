import { nearest } from '@golden-pipeline/shared/text';
import type { z } from 'zod';
import { cleanSettings } from './clean-paths.ts';
import { hookProblems } from './hook-problems.ts';
import { isGroup, lineage, type Raw } from './merge.ts';
import { notifyProblems } from './notify-problems.ts';
import { plainProblems } from './plain-problems.ts';
import { type At, mistake, type Problem, problem, sectionProblems, valueAt } from './problems.ts';
import { defaultNames, mergedWith } from './resolve.ts';
import { type SectionName, sections } from './schema/pipeline.ts';
import { namesSection } from './schema/sections.ts';
import { namedTwice } from './secrets.ts';
import { defaultVerifySeconds } from './verify-window.ts';

/**
 * Finds values that do not go together, and required ones that are missing, in each environment after inheritance.
 * Files with other mistakes are checked too, so that all are reported at once.
 * @param known The mistakes of the file that its schema finds; sections that have some are skipped.
 */
export function crossProblems(raw: unknown, known: readonly Problem[] = []): Problem[] {
  if (!isGroup(raw) || !isGroup(raw.environments)) return [];
  const environments = raw.environments;
  const found = [...defaultEnvironment(raw, environments)];
  const names = Object.keys(environments);
  const wrong = new Set(known.map(({ path }) => (path[0] === 'environments' ? path[2] : path[0])));
  for (const name of names) {
    const line = lineage(environments, name);
    if (line.circle) {
      const text = `${line.circle.join(' -> ')} -> ${line.circle[0]}`;
      if ([...line.circle].sort()[0] === name) {
        found.push(
          problem(['environments', name, 'inherits'], line.circle[1] ?? name, `no circular inheritance, found ${text}`),
        );
      }
      continue;
    }
    if (line.missing) {
      const { child, parent } = line.missing;
      if (child === name) found.push(problem(['environments', name, 'inherits'], parent, oneOf(parent, names)));
      continue;
    }
    found.push(...inEnvironment(raw, environments, name, line.chain, wrong));
  }
  // A mistake that all environments share is reported once.
  return [...new Map(found.map((one) => [one.text, one])).values()];
}

function defaultEnvironment(raw: Raw, environments: Raw): Problem[] {
  const name = raw.defaultEnvironment;
  if (typeof name !== 'string' || Object.hasOwn(environments, name)) return [];
  return [problem(['defaultEnvironment'], name, oneOf(name, Object.keys(environments)))];
}

function oneOf(wrong: string, names: string[]): string {
  const near = nearest(wrong, names);
  return `one of the environments (${names.join(', ')})${near ? `; did you mean ${near}?` : ''}`;
}

function inEnvironment(
  raw: Raw,
  environments: Raw,
  name: string,
  chain: string[],
  wrong: ReadonlySet<PropertyKey | undefined>,
): Problem[] {
  const merged = mergedWith(raw, name);
  const at: At = (path) => whereSet(environments, chain, path);
  const found = incompleteSections(merged, wrong, at);
  const section = <N extends SectionName>(key: N): z.output<(typeof sections)[N]> | undefined => {
    const parsed = sections[key].safeParse(merged[key] ?? {});
    return parsed.success ? (parsed.data as z.output<(typeof sections)[N]>) : undefined;
  };

  if (merged.cloud === undefined) found.push(problem(['environments', name, 'cloud'], undefined, "'aws' or 'local'"));
  if (merged.cloud === 'aws' && merged.region === undefined) {
    found.push(problem(['environments', name, 'region'], undefined, "a region such as 'eu-west-1'"));
  }
  const capacity = section('capacity');
  if (capacity && capacity.min > capacity.max) {
    found.push(problem(at(['capacity', 'min']), capacity.min, `no more than capacity.max, which is ${capacity.max}`));
  }
  const service = section('service');
  if (service?.stagingPort === service?.port && service) {
    found.push(
      problem(at(['service', 'stagingPort']), service.stagingPort, `another port than service.port (${service.port})`),
    );
  }
  if (service?.port === 65_535 && service.stagingPort === undefined) {
    found.push(problem(at(['service', 'stagingPort']), undefined, 'a port, as there is none above service.port'));
  }
  found.push(...networkProblems(section('infrastructure'), section('instance'), at));
  const ssh = section('ssh');
  if (ssh?.via === 'ssm' && ssh.proxyJump) {
    found.push(
      problem(at(['ssh', 'via']), 'ssm', "'direct', as ssh.proxyJump is set: a session needs no host in between"),
    );
  }
  const ledger = section('ledger');
  if (ledger?.type === 's3' && ledger.bucket === undefined) {
    found.push(problem(at(['ledger', 'bucket']), undefined, "the name of a bucket, as ledger.type is 's3'"));
  }
  found.push(
    ...hookProblems(section('release'), isGroup(raw.tasks) ? Object.keys(raw.tasks) : [], merged, at),
    ...refreshProblems(section('release'), merged.cloud, at),
    ...plainProblems(
      { ansible: section('ansible'), release: section('release'), secrets: section('secrets') },
      merged,
      at,
    ),
    ...secretProblems(section('secrets') ?? {}, section('ansible'), at),
    ...cleanProblems(section('ansible'), at),
    ...healthProblems(section('balancer'), at),
    ...drainProblems(section('balancer'), section('release'), at),
    ...notifyProblems(section('notify'), at),
  );
  found.push(...nameProblems(merged, name, section('names'), at));
  return found;
}

/**
 * What the schema finds in sections only after the merge: an environment may set a part of a group that no other place
 * completes. What is wrong in the file itself is known already.
 */
function incompleteSections(merged: Raw, wrong: ReadonlySet<PropertyKey | undefined>, at: At): Problem[] {
  return Object.entries(sections).flatMap(([key, schema]) => {
    if (merged[key] === undefined || wrong.has(key)) return [];
    return sectionProblems(schema, merged[key], key, at);
  });
}

function refreshProblems(release: z.output<typeof sections.release> | undefined, cloud: unknown, at: At): Problem[] {
  if (!release) return [];
  const found: Problem[] = [];
  const { minHealthyPercentage: min, maxHealthyPercentage: max } = release.refresh;
  if (max - min > 100) {
    // Auto Scaling refuses a span above 100 percent.
    const expected = `${max - 100} or more, as AWS allows at most 100 between it and maxHealthyPercentage (${max})`;
    found.push(problem(at(['release', 'refresh', 'minHealthyPercentage']), min, expected));
  }
  const { strategy, weights, rollbackWindow } = release;
  const verifySeconds = release.verifySeconds ?? defaultVerifySeconds[cloud === 'aws' ? 'aws' : 'local'];
  if (weights.at(-1) !== 100 || weights.some((weight, index) => weight <= (weights[index - 1] ?? 0))) {
    found.push(problem(at(['release', 'weights']), weights, 'growing percentages of which the last is 100'));
  }
  if (strategy === 'blue-green' && rollbackWindow <= verifySeconds) {
    // Otherwise the old group would be terminated while the new one is still being verified.
    const expected = `more than release.verifySeconds, which is ${verifySeconds}`;
    found.push(problem(at(['release', 'rollbackWindow']), rollbackWindow, expected));
  }
  return found;
}

/**
 * Variables of the release role that have their own validated setting: with two places, one would override the other.
 */
function cleanProblems(ansible: z.output<typeof sections.ansible> | undefined, at: At): Problem[] {
  return Object.entries(cleanSettings).flatMap(([key, variable]) => {
    const value = ansible?.variables[variable];
    return value === undefined
      ? []
      : [problem(at(['ansible', 'variables', variable]), value, `that in release.clean.${key} instead`)];
  });
}

/** A secret with a value in the plays would end up in the image. */
function secretProblems(
  secrets: z.output<typeof sections.secrets>,
  ansible: z.output<typeof sections.ansible> | undefined,
  at: At,
): Problem[] {
  return namedTwice(secrets, ansible?.variables).map(({ name, path }) =>
    mistake(at(['ansible', 'variables', ...path]), `${name} stands in secrets too, expected it in one of the two only`),
  );
}

function networkProblems(
  infrastructure: z.output<typeof sections.infrastructure> | undefined,
  instance: z.output<typeof sections.instance> | undefined,
  at: At,
): Problem[] {
  if (!infrastructure?.vpcId || !instance || instance.subnetIds.length > 0) return [];
  return [problem(at(['instance', 'subnetIds']), [], 'subnets of the network that infrastructure.vpcId names')];
}

function healthProblems(balancer: z.output<typeof sections.balancer> | undefined, at: At): Problem[] {
  if (!balancer) return [];
  const { intervalSeconds, timeoutSeconds } = balancer.healthCheck;
  if (timeoutSeconds <= intervalSeconds) return [];
  const expected = `no more than intervalSeconds, which is ${intervalSeconds}`;
  return [problem(at(['balancer', 'healthCheck', 'timeoutSeconds']), timeoutSeconds, expected)];
}

function drainProblems(
  balancer: z.output<typeof sections.balancer> | undefined,
  release: z.output<typeof sections.release> | undefined,
  at: At,
): Problem[] {
  if (!balancer || !release) return [];
  const { drain } = release.timeouts;
  if (drain > balancer.deregistrationDelaySeconds) return [];
  // A load balancer of AWS shows a target as draining for the whole delay, also when its requests have finished long
  // before.
  const expected = `more than balancer.deregistrationDelaySeconds, which is ${balancer.deregistrationDelaySeconds}`;
  return [problem(at(['release', 'timeouts', 'drain']), drain, expected)];
}

/** Generated names of app and environment must fit, too; configured names are checked by the schema. */
function nameProblems(
  merged: Raw,
  environment: string,
  written: z.output<typeof namesSection> | undefined,
  at: At,
): Problem[] {
  if (typeof merged.app !== 'string' || !sectionsFit(merged.app, environment) || !written) return [];
  const made = defaultNames(merged.app, environment);
  const blueGreen = isGroup(merged.release) && merged.release.strategy === 'blue-green';
  return Object.entries(made).flatMap(([key, name]) => {
    if (key.startsWith('green') && !blueGreen) return [];
    if (written[key as keyof typeof written] !== undefined) return [];
    const result = namesSection.safeParse({ [key]: name });
    if (result.success) return [];
    const expected = `${result.error.issues[0]?.message}; the name made of app and environment is too long, so set it here`;
    return [problem(at(['names', key]), name, expected)];
  });
}

function sectionsFit(app: string, environment: string): boolean {
  return /^[a-z]/.test(app) && app.length <= 21 && environment.length <= 21;
}

/**
 * The path of a wrong setting: in the last environment of the chain that sets it or its siblings, else in the shared
 * section.
 */
function whereSet(environments: Raw, chain: string[], path: readonly PropertyKey[]): PropertyKey[] {
  const own = [...chain].reverse().find((link) => valueAt(environments, [link, ...path.slice(0, -1)]) !== undefined);
  return own === undefined ? [...path] : ['environments', own, ...path];
}
