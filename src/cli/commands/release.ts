import { summarizeSince } from '../../changes/since.ts';
import { withServices } from '../../composition/with-services.ts';
import { assertNamedLedger } from '../../config/named-ledger.ts';
import { gitRef } from '../../config/names.ts';
import { assertOwnNames } from '../../config/project.ts';
import { redactionOf } from '../../config/redaction.ts';
import type { Services } from '../../fleet/services.ts';
import { releaseOperation } from '../../release/operation.ts';
import { assertVariables, planRelease, type ReleaseOptions } from '../../release/plan.ts';
import type { ReleaseState } from '../../release/state.ts';
import { readHooks } from '../../runner/project-tasks.ts';
import type { Redact } from '../../shared/redact.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import type { CliContext } from '../context.ts';
import { fleetOf } from '../fleets.ts';
import { choice, flag, negated, parsed, parseOptions } from '../options.ts';
import { runCommand } from '../run-command.ts';
import { tasksOf } from '../tasks.ts';
import { emergencyOf } from './support/emergency.ts';
import { reportNothing } from './support/nothing-to-release.ts';
import { projectRules } from './support/project-rules.ts';

/** `pipeline release <app>` */
export const run: CommandModule['run'] = async (context, [app], options) => {
  // Before anything is read: what is refused changes nothing.
  emergencyOf(options);
  const {
    again,
    rollbackTarget: noRollbackTarget,
    allowDirty,
    ...own
  } = parseOptions(options, {
    ref: parsed(gitRef),
    bake: choice('detach', 'builder'),
    strategy: choice('rolling', 'blue-green'),
    fromBase: flag,
    allowDirty: flag,
    irreversible: flag,
    skipMigrate: flag,
    rollbackTarget: negated,
    again: flag,
  });
  const fleet = await fleetOf(context, app, options);
  const project = projectRules(fleet, allowDirty);
  assertNamedLedger(fleet);
  await assertOwnNames(fleet);
  return withServices(context, fleet, async (services) => {
    const hooks = await readHooks(fleet.release, () => tasksOf(context, fleet.app, options));
    return release(context, services, options, { ...own, again, noRollbackTarget, project, hooks });
  });
};

/** What the command line adds to a request: `again` also releases what serves already. */
type ReleaseRequest = ReleaseOptions & { again?: boolean };

/** Releases, on a fleet that no crashed run has left halfway; what serves already is only released again on request. */
export async function release(
  context: CliContext,
  services: Services,
  options: CommandOptions,
  { again, ...request }: ReleaseRequest,
): Promise<number> {
  const { fleet } = services;
  // Before a crashed run is undone: what is refused changes nothing.
  assertVariables(fleet);
  return runCommand(context, options, {
    operation: releaseOperation,
    services,
    ...emergencyOf(options),
    plan: async (active) =>
      withoutSecrets(
        await planRelease(services, context.clock, { ...request, after: active?.version }),
        redactionOf(fleet, context.env),
      ),
    reportNeedless: async (plan) =>
      again ? undefined : reportNothing(context, options, services, plan.initial, request),
    question: ({ initial: { version, since } }) =>
      `release ${version} of ${fleet.app} to ${fleet.environment}${since ? ` (${summarizeSince(since)})` : ''}`,
  });
}

/** What commits say goes into records that everybody reads, as it is. */
function withoutSecrets<Plan extends { initial: ReleaseState }>(plan: Plan, redact: Redact): Plan {
  const { subject, author, since } = plan.initial;
  return { ...plan, initial: { ...plan.initial, ...redact({ subject, author, ...(since && { since }) }) } };
}
