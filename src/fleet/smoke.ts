import { messageOf } from '@golden-pipeline/shared/errors';
import type { Fleet } from '../config/settings.ts';
import type { FailedProbe } from '../ledger/run-evidence.ts';
import { keepProbes } from './evidence/gathered.ts';
import type { VersionNames } from './facts.ts';
import type { ContextWith, FleetFacts } from './services.ts';

/** Milliseconds that a smoke test may take; slower counts as failed. */
const probeTimeoutMs = 5000;

/**
 * Header that leads a probe to the fleet even while a maintenance page answers everybody else. Without such a page no rule
 * knows the value, and the request goes the way of all others.
 */
export function validationHeaders(fleet: Fleet): Record<string, string> {
  return { [fleet.balancer.validationHeader]: 'fleet' };
}

/** Header that leads a probe through the validation route: to the instances that are being validated. */
export function validationRouteHeaders(fleet: Fleet): Record<string, string> {
  return { [fleet.balancer.validationHeader]: 'on' };
}

type SmokeTest = Fleet['release']['smokeTests'][number];

/** The text that an answer of a version must contain; undefined when there is none, or it is not known. */
export function wantedText({ contains }: Pick<SmokeTest, 'contains'>, names: VersionNames): string | undefined {
  if (contains === undefined || (contains.includes('{commit}') && names.commit === undefined)) return undefined;
  return contains.replaceAll('{version}', names.version).replaceAll('{commit}', names.commit ?? '');
}

/** Runs the configured smoke tests through the balancer and returns what failed, worded for a person. The wrong answers are kept as evidence. */
export async function smokeFailures(
  context: ContextWith<Pick<FleetFacts, 'url'> & VersionNames>,
  headers: Record<string, string> = validationHeaders(context.services.fleet),
): Promise<string[]> {
  const { fleet } = context.services;
  const asked = await Promise.all(fleet.release.smokeTests.map((test) => runSmokeTest(context, test, headers)));
  const failures = asked.filter((failure) => failure !== undefined);
  keepProbes(context, failures);
  return failures.map(({ path, fault }) => `${path} ${fault}`);
}

async function runSmokeTest(
  { services: { probe }, state: { url, version, commit } }: ContextWith<Pick<FleetFacts, 'url'> & VersionNames>,
  test: SmokeTest,
  headers: Record<string, string>,
): Promise<Omit<FailedProbe, 'at'> | undefined> {
  const { path } = test;
  const wanted = wantedText(test, { version, ...(commit !== undefined && { commit }) });
  try {
    const { status, body } = await probe(`${url}${path}`, { timeoutMs: probeTimeoutMs, headers });
    const failed = (fault: string) => ({ path, status, body, fault, version: null });
    if (status !== test.status) return failed(`answered ${status} instead of ${test.status}`);
    if (wanted === undefined || body.includes(wanted)) return undefined;
    return failed(`answered without "${wanted}": ${JSON.stringify(body.slice(0, 120))}`);
  } catch (error) {
    return { path, status: null, body: null, fault: `gave no answer: ${messageOf(error)}`, version: null };
  }
}
