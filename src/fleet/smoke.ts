import { messageOf } from '@golden-pipeline/shared/errors';
import type { Fleet } from '../config/settings.ts';
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

/** Runs the configured smoke tests through the balancer and returns what failed, worded for a person. */
export async function smokeFailures(
  context: ContextWith<Pick<FleetFacts, 'url'> & VersionNames>,
  headers: Record<string, string> = validationHeaders(context.services.fleet),
): Promise<string[]> {
  const { fleet, probe } = context.services;
  const { url, version, commit } = context.state;
  const failures = await Promise.all(
    fleet.release.smokeTests.map(async (test) => {
      const wanted = wantedText(test, { version, commit });
      try {
        const answer = await probe(`${url}${test.path}`, { timeoutMs: probeTimeoutMs, headers });
        if (answer.status !== test.status) return `${test.path} answered ${answer.status} instead of ${test.status}`;
        if (wanted !== undefined && !answer.body.includes(wanted)) {
          return `${test.path} answered without "${wanted}": ${JSON.stringify(answer.body.slice(0, 120))}`;
        }
      } catch (error) {
        return `${test.path} gave no answer: ${messageOf(error)}`;
      }
      return undefined;
    }),
  );
  return failures.filter((failure) => failure !== undefined);
}
