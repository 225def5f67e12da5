import { PipelineError } from '@golden-pipeline/shared/errors';
import { awsCode } from '../aws/errors.ts';
import { readGroup } from '../aws/groups.ts';
import { readImage } from '../aws/images.ts';
import { cancelRefresh, isActive, type Refresh, readRefresh, rollbackRefresh, startRefresh } from '../aws/refreshes.ts';
import { awsCommand, whoCalled } from '../config/aws-command.ts';
import type { FindContext } from '../engine/step.ts';
import { explained, explainGroup } from './explain.ts';
import type { NewTemplate, RefreshFacts } from './facts.ts';
import { type ContextWith, type FleetFacts, type FleetGroup, type Services, times } from './services.ts';
import { mendingWatch, type RefreshPatience, refreshSuspensionWatch } from './suspended.ts';

/** What tells this run's refresh from those of others. */
type OwnRefresh = NewTemplate & RefreshFacts;

/**
 * Starts the run's refresh of a group, and saves its id. One that an earlier process of this run has started is adopted: by its id, or by
 * the template version, which only this run has made.
 * @param options.again Starts another one where that has ended without success; without it, it is adopted as well.
 */
export async function startOwnRefresh(
  context: ContextWith<NewTemplate & RefreshFacts>,
  group: string,
  template: { id: string; version: string },
  { again = false, ...options }: NonNullable<Parameters<typeof startRefresh>[4]> & { again?: boolean },
): Promise<string> {
  const { fleet, aws } = context.services;
  const begun = context.changes().some((one) => one.action === 'start-refresh' && !one.undoing);
  const last = begun ? await readRefresh(aws.autoScaling, group) : undefined;
  const isOwn = last?.id === context.state.refreshId || last?.templateVersion === template.version;
  const goesOn = !again || last?.status === 'Successful' || isActive(last);
  const adopted = last && isOwn && goesOn ? last.id : undefined;
  const refreshId =
    adopted ??
    (await context.change({ action: 'start-refresh', target: group, data: template }, () =>
      startUnlessForeign(context, group, () =>
        startRefresh(aws.autoScaling, group, template, fleet.release.refresh, options),
      ),
    ));
  await context.save({ refreshId });
  return refreshId;
}

/** @throws PipelineError `refresh.foreign` that names the refresh that blocks this one */
async function startUnlessForeign(
  { services: { fleet, aws } }: ContextWith<object>,
  group: string,
  start: () => Promise<string>,
): Promise<string> {
  try {
    return await start();
  } catch (error) {
    if (!/^InstanceRefreshInProgress/.test(awsCode(error) ?? '')) throw error;
    const other = await readRefresh(aws.autoScaling, group).catch(() => undefined);
    if (!isActive(other)) throw error;
    const onto = `template version ${other.templateVersion ?? 'of the group'}`;
    throw new PipelineError(
      'refresh.foreign',
      `${group} cannot be rolled: ${refreshText(other)}; it goes onto ${onto} and is not of this run`,
      {
        details: whoCalled(fleet, 'StartInstanceRefresh'),
        fix: `wait until it has ended, or cancel it (${awsCommand(fleet, `autoscaling cancel-instance-refresh --auto-scaling-group-name ${group}`)}), then try again`,
        cause: error,
      },
    );
  }
}

/**
 * Waits until a refresh has ended, whichever way. Suspended processes that keep it from its end are noted at once, and end the wait as
 * {@link refreshSuspensionWatch} tells.
 * @param options.look Called while it goes forward; a throw ends the wait.
 * @throws PipelineError `group.suspended`
 */
export async function waitRefresh(
  context: ContextWith<FleetGroup>,
  refreshId: string,
  { look, ...patience }: { look?: () => Promise<void> } & RefreshPatience = {},
): Promise<Refresh> {
  const { fleet, aws } = context.services;
  const watch = refreshSuspensionWatch(context, times(fleet, 'refresh').timeoutMs, patience);
  const noteMending = mendingWatch(context);
  const refresh = await context.poll({
    what: `the instance refresh of ${context.state.group} to end`,
    read: async () => {
      const one = await readRefresh(aws.autoScaling, context.state.group, refreshId);
      if (isActive(one)) {
        const group = await readGroup(aws.autoScaling, context.state.group);
        noteMending(group);
        watch(group, `${one.status} ${one.percentage} ${one.remaining}`);
      }
      if (isActive(one) && !one.status.startsWith('Rollback') && one.status !== 'Cancelling') await look?.();
      return one;
    },
    until: (one) => one !== undefined && !isActive(one),
    progress: (one) => {
      if (one) context.progress(`${one.status}, ${one.remaining} to replace`, { done: one.percentage, total: 100 });
    },
    explain: async (one) => {
      const { causes, fix } = await explained(explainGroup(context, context.state.group, context.state.targetGroupArn));
      return { causes: [...(one ? [refreshText(one)] : []), ...causes], ...(fix && { fix }) };
    },
    ...times(fleet, 'refresh'),
  });
  return refresh as Refresh;
}

/**
 * Puts the fleet back on the template version that it had, as far as this run has moved it: turns its refresh round, or starts one
 * that goes back. A refresh of somebody else is left alone. Evaluated by the cloud as it is, so it may be called at any time.
 * Resolves with false when a refresh of somebody else goes on.
 * @throws PipelineError `refresh.foreign` when somebody else's refresh is blocking; `refresh.not-rolled-back`
 */
export async function refreshBack(
  context: ContextWith<FleetGroup & Pick<FleetFacts, 'current'> & { version: string } & OwnRefresh>,
): Promise<boolean> {
  const { fleet, aws } = context.services;
  const { group: name, current } = context.state;
  const active = await readRefresh(aws.autoScaling, name);
  const foreign = isActive(active) && !isOurs(context, active) ? active : undefined;
  if (isActive(active) && !foreign) {
    // What cannot be read, or is not ready yet, must not keep the refresh from being stopped.
    const gone = await goneImage(context).catch(() => undefined);
    await context.change({ action: 'rollback-refresh', target: active.id }, async () => {
      if (gone !== undefined) return cancelRefresh(aws.autoScaling, name);
      if (active.status !== 'RollbackInProgress' && !(await rollbackRefresh(aws.autoScaling, name))) {
        await cancelRefresh(aws.autoScaling, name);
      }
    });
    await waitRefresh(context, active.id, { back: true });
  }
  const astray = await isAstray(context);
  // One that goes where we would go is adopted.
  if (foreign && foreign.templateVersion !== current.templateVersion) {
    const what = `instance refresh ${foreign.id} of ${name}, onto template version ${foreign.templateVersion ?? 'of the group'}, is not of this run`;
    if (astray) {
      throw new PipelineError(
        'refresh.foreign',
        `${what}, so it is left alone; instances of ${context.state.version} are still there: wait for it, then go back by pipeline fast-rollback ${fleet.app}`,
      );
    }
    context.note(`${what}: it is left alone`);
    return false;
  }
  if (!astray) return true;
  const gone = await goneImage(context);
  if (gone !== undefined) {
    throw new PipelineError(
      'refresh.no-image-back',
      `${gone}, so nothing leads back to ${current.version ?? 'what served before'}: instances of ${context.state.version} stay in ${name}`,
      {
        details: whoCalled(fleet, 'DeregisterImage'),
        fix: `pipeline repair ${fleet.app}, which bakes the image again from an instance that still runs it; or release a fix: pipeline release ${fleet.app} --no-rollback-target`,
      },
    );
  }
  const template = { id: current.templateId, version: current.templateVersion };
  const id = await context.change({ action: 'start-refresh', target: name, data: { ...template } }, () =>
    startRefresh(aws.autoScaling, name, template, fleet.release.refresh),
  );
  const ended = await waitRefresh(context, id, { back: true });
  if (ended.status === 'Successful') return true;
  const { causes, fix } = await explained(explainGroup(context, name, context.state.targetGroupArn));
  throw new PipelineError(
    'refresh.not-rolled-back',
    `the refresh back to template version ${template.version} ended with status ${ended.status}: ${ended.reason ?? 'no reason given'}`,
    { details: causes, ...(fix && { fix }) },
  );
}

/** States from which an image does not become available by itself. */
const lostStates = ['disabled', 'deregistered', 'failed'];

/** Says that the image which served before the run cannot be launched any more; undefined when it can. */
async function goneImage({
  services: { aws },
  state: { current },
}: ContextWith<Pick<FleetFacts, 'current'>>): Promise<string | undefined> {
  if (current.imageId === undefined) return undefined;
  const image = await readImage(aws.ec2, current.imageId);
  if (image && !lostStates.includes(image.state)) return undefined;
  const state = image?.state === 'disabled' ? 'disabled' : 'gone';
  return `image ${current.imageId} is ${state}`;
}

/** What there is of the run's refresh, for whoever continues the run. */
export async function findRefresh({
  services: { aws },
  state,
}: FindContext<Services, FleetGroup & OwnRefresh>): Promise<string | undefined> {
  const last = await readRefresh(aws.autoScaling, state.group);
  return last && isOurs({ state }, last) ? refreshText(last) : undefined;
}

/** How far a refresh is, and what AWS says of it. */
export function refreshText({ id, status, percentage, remaining, reason }: Refresh): string {
  return `instance refresh ${id} is ${status} (${percentage} %, ${remaining} to replace)${reason ? `: ${reason}` : ''}`;
}

/** By its id; by the template version, which only this run has made, where the answer to its start was lost. */
export function isOurs({ state }: { state: OwnRefresh }, refresh: Refresh): boolean {
  if (refresh.id === state.refreshId) return true;
  return state.templateVersion !== undefined && refresh.templateVersion === state.templateVersion;
}

/** True while the group, or one of its instances, is on the template version of this run. */
export async function isAstray(context: ContextWith<Pick<FleetGroup, 'group'> & NewTemplate>): Promise<boolean> {
  const { group: name, templateVersion } = context.state;
  if (templateVersion === undefined) return false;
  const group = await readGroup(context.services.aws.autoScaling, name);
  return (
    group.launchTemplate.version === templateVersion ||
    group.instances.some((one) => one.templateVersion === templateVersion && !/^Terminat/.test(one.lifecycle))
  );
}

/**
 * That no refresh of the group is active, or that it may be canceled.
 * @throws PipelineError `preflight.refresh-active`
 */
export function assertNoRefresh(refresh: Refresh | undefined, group: string, supersede: boolean): void {
  if (!isActive(refresh) || supersede) return;
  throw new PipelineError(
    'preflight.refresh-active',
    `an instance refresh of ${group} is ${refresh.status} (${refresh.percentage} %)`,
    { fix: 'cancel it and go back at once with --supersede, or wait until it has finished' },
  );
}
