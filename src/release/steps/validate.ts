import { PipelineError } from '@golden-pipeline/shared/errors';
import { deregisterTarget, readTargets, registerTarget } from '../../aws/balancers.ts';
import { unhealthyTargets } from '../../fleet/explain.ts';
import { waitRunning, waitTargetHealthy } from '../../fleet/health.ts';
import { launchHelper, runTags, terminateLaunched } from '../../fleet/launch.ts';
import { type ReleaseContext, type ReleaseStep, times } from '../../fleet/services.ts';
import { proofRouteHeaders, smokeFailures } from '../../fleet/smoke.ts';

/** Boots one machine from the image behind the proof route: what was baked must serve before the fleet gets it. */
export const prove: ReleaseStep = {
  id: 'prove',
  title: 'Prove the image',
  describe: ({ services: { fleet } }) => [
    `one machine from the image in ${fleet.names.proofTargetGroup}, reached by the header ${fleet.balancer.proofHeader}: on`,
    `balancer health and ${fleet.release.smokeTests.length} smoke test(s) must pass; then it is terminated`,
  ],
  async run(context) {
    const { fleet, aws } = context.services;
    const { imageId, proofTargetGroupArn } = context.state;
    if (!imageId) throw new Error('there is no image to prove');
    const tags = runTags(context, 'proof');
    const instanceId = await launchHelper(context, 'launch-proof', { imageId, tags });
    await context.save({ proofInstanceId: instanceId });
    await waitRunning(context, instanceId);
    await context.change({ action: 'register-target', target: instanceId }, () =>
      registerTarget(aws.elb, proofTargetGroupArn, instanceId),
    );
    await waitTargetHealthy(context, proofTargetGroupArn, instanceId);
    const failures = await smokeFailures(context, proofRouteHeaders(fleet));
    if (failures.length > 0) {
      throw new PipelineError('prove.smoke', `the proof instance of ${context.state.version} failed its smoke tests`, {
        details: failures,
      });
    }
    await retire(context);
  },
  undo: retire,
};

/** Drains and terminates the proof instance. */
async function retire(context: ReleaseContext): Promise<void> {
  const { fleet, aws } = context.services;
  const { proofInstanceId, proofTargetGroupArn } = context.state;
  if (proofInstanceId) {
    const targets = await readTargets(aws.elb, proofTargetGroupArn);
    if (targets.some((target) => target.id === proofInstanceId && target.state !== 'draining')) {
      await context.change({ action: 'deregister-target', target: proofInstanceId }, () =>
        deregisterTarget(aws.elb, proofTargetGroupArn, proofInstanceId),
      );
    }
    await context.poll({
      what: `proof instance ${proofInstanceId} to drain`,
      read: () => readTargets(aws.elb, proofTargetGroupArn),
      until: (all) => !all.some((target) => target.id === proofInstanceId),
      progress: () => context.progress(`${proofInstanceId} is draining`),
      explain: (all) => ({ causes: unhealthyTargets(all.filter((target) => target.id === proofInstanceId)) }),
      ...times(fleet, 'drain'),
    });
  }
  if (context.changes().some((change) => change.action === 'terminate-instance' && change.result !== undefined)) return;
  await terminateLaunched(context, 'launch-proof');
}
