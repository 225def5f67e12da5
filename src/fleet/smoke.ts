import { messageOf } from '@golden-pipeline/shared/errors';
import type { Fleet } from '../config/settings.ts';
import type { RunContext } from '../engine/step.ts';
import type { RollState, Services } from './services.ts';

/** Milliseconds that a smoke test may take; slower counts as failed. */
const probeTimeoutMs = 5000;

/**
 * Header that leads a probe to the fleet even while a maintenance page answers everybody else. Without such a page no rule
 * knows the value, and the request goes the way of all others.
 */
export function proofHeaders(fleet: Fleet): Record<string, string> {
  return { [fleet.balancer.proofHeader]: 'fleet' };
}

/** Header that leads a probe through the proof route: to the machines that are being proven. */
export function proofRouteHeaders(fleet: Fleet): Record<string, string> {
  return { [fleet.balancer.proofHeader]: 'on' };
}

/** Runs the configured smoke tests through the balancer and returns what failed, worded for a person. */
export async function smokeFailures(
  context: RunContext<Services, RollState>,
  headers: Record<string, string> = proofHeaders(context.services.fleet),
): Promise<string[]> {
  const { fleet, probe } = context.services;
  const { url, version, commit } = context.state;
  const failures = await Promise.all(
    fleet.release.smokeTests.map(async (test) => {
      const wanted = test.contains?.replaceAll('{version}', version).replaceAll('{commit}', commit);
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
