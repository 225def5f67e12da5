import { PipelineError } from '@golden-pipeline/shared/errors';
import { deregisterTarget, readTargets, registerTarget } from '../../aws/balancers.ts';
import { readInstance } from '../../aws/instances.ts';
import { need } from '../../engine/need.ts';
import { unhealthyTargets } from '../../fleet/explain.ts';
import { waitRunning, waitTargetHealthy } from '../../fleet/health.ts';
import { launchHelper, runTags, terminateLaunched } from '../../fleet/launch.ts';
import { type ContextWith, type StepWith, times } from '../../fleet/services.ts';
import { smokeFailures, validationRouteHeaders } from '../../fleet/smoke.ts';
import type { ValidateFacts } from '../state.ts';

/** Boots one instance from the image behind the validation route: what was baked must serve before the fleet gets it. */
export const validate: StepWith<ValidateFacts> = {
  id: 'validate',
  title: 'Validate the image',
  describe: ({ services: { fleet } }) => [
    `one instance from the image in ${fleet.names.validationTargetGroup}, reached by the header ${fleet.balancer.validationHeader}: on`,
    `balancer health and ${fleet.release.smokeTests.length} smoke test(s) must pass; then it is terminated`,
  ],
  async run(context) {
    const { fleet, aws } = context.services;
    const { validationTargetGroupArn } = context.state;
    // An earlier process of this run ends the instance only once it has passed.
    const ends = ['deregister-target', 'terminate-instance'];
    if (context.changes().some(({ action, undoing }) => ends.includes(action) && !undoing)) return retire(context);
    const imageId = need(context.state, 'imageId');
    const tags = runTags(context, 'validation');
    const instanceId = await launchHelper(context, 'launch-validation-instance', { imageId, tags });
    await context.save({ validationInstanceId: instanceId });
    await waitRunning(context, instanceId);
    await context.change({ action: 'register-target', target: instanceId }, () =>
      registerTarget(aws.elb, validationTargetGroupArn, instanceId),
    );
    await waitTargetHealthy(context, validationTargetGroupArn, instanceId);
    const failures = await smokeFailures(context, validationRouteHeaders(fleet));
    if (failures.length > 0) {
      throw new PipelineError(
        'validate.smoke',
        `the validation instance of ${context.state.version} failed its smoke tests`,
        {
          details: failures,
        },
      );
    }
    await retire(context);
  },
  async find({ services: { aws }, state: { validationInstanceId: id } }) {
    return id && `${id} is ${(await readInstance(aws.ec2, id))?.state ?? 'gone'}`;
  },
  undo: retire,
};

/** Drains and terminates the validation instance. */
async function retire(context: ContextWith<ValidateFacts>): Promise<void> {
  const { fleet, aws } = context.services;
  const { validationInstanceId, validationTargetGroupArn } = context.state;
  if (validationInstanceId) {
    const targets = await readTargets(aws.elb, validationTargetGroupArn);
    if (targets.some((target) => target.id === validationInstanceId && target.state !== 'draining')) {
      await context.change({ action: 'deregister-target', target: validationInstanceId }, () =>
        deregisterTarget(aws.elb, validationTargetGroupArn, validationInstanceId),
      );
    }
    await context.poll({
      what: `validation instance ${validationInstanceId} to drain`,
      read: () => readTargets(aws.elb, validationTargetGroupArn),
      until: (all) => !all.some((target) => target.id === validationInstanceId),
      progress: () => context.progress(`${validationInstanceId} is draining`),
      explain: (all) => ({ causes: unhealthyTargets(all.filter((target) => target.id === validationInstanceId)) }),
      ...times(fleet, 'drain'),
    });
  }
  if (context.changes().some((change) => change.action === 'terminate-instance' && change.result !== undefined)) return;
  await terminateLaunched(context, 'launch-validation-instance');
}
