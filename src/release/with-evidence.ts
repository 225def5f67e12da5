import { PipelineError } from '@golden-pipeline/shared/errors';
import { readTargets } from '../aws/balancers.ts';
import { readGroup } from '../aws/groups.ts';
import { collectEvidence, type Source } from '../fleet/evidence/collect.ts';
import { beginGathering, suspectsOf } from '../fleet/evidence/gathered.ts';
import type { NewTemplate, StandbyFacts } from '../fleet/facts.ts';
import type { ContextWith, FleetFacts, FleetGroup, StepWith } from '../fleet/services.ts';
import type { PlaybookFacts } from '../plays/facts.ts';
import type { TrafficFacts, ValidationFacts } from './state.ts';

/** What tells which instances a step is about. */
type Facts = FleetFacts & NewTemplate & StandbyFacts & ValidationFacts & PlaybookFacts & Pick<TrafficFacts, 'traffic'>;
type Context = ContextWith<FleetFacts & Partial<Facts>>;

/** Where the logs are that tell why a step failed; `sinceMs` is how long it ran. */
type Sources = (context: Context, sinceMs: number) => Source;

/** A plain playbook starts the service itself, and nothing beside it. */
const ofStaging: Sources = (context, sinceMs) => ({
  ...ofHost(context, sinceMs),
  staging: context.state.kind !== 'plain',
});

const sources: Readonly<Record<string, Sources>> = {
  stage: ofStaging,
  // With a migration before the roll, the new version is first started here.
  'start-staged': ofStaging,
  bake: ofHost,
  validate: ({ state: { validationInstanceId: id } }) => ({
    suspects: async () => (id === undefined ? [] : [{ id, state: 'validation instance', unhealthy: true }]),
  }),
  'scale-up-idle-group': (context) => ofGroup(context, context.state.idle),
  'shift-traffic': (context) => ofGroup(context, context.state.traffic?.to),
  roll: (context) => ofGroup(context, context.state),
  verify: (context) => ofGroup(context, context.state),
};

/** Steps that are about one host, out of service. */
const onHost = new Set(['stage', 'start-staged', 'bake']);

/** On one host an error of Ansible may be the app's doing; others, such as one of AWS, are not in its log. */
const ofApp = /^(ansible\.(failed|not-applied)|host\.unhealthy)$/;

function ofHost({ state: { host } }: Context, sinceMs: number): Source {
  const suspect = host && { id: host.instanceId, address: host.address, state: 'out of service', unhealthy: true };
  return { suspects: async () => (suspect ? [suspect] : []), withinMs: sinceMs, optional: true };
}

function ofGroup({ services: { aws }, state: { templateVersion } }: Context, of: FleetGroup | undefined): Source {
  return {
    async suspects() {
      if (!of) return [];
      const [group, targets] = await Promise.all([
        readGroup(aws.autoScaling, of.group),
        readTargets(aws.elb, of.targetGroupArn),
      ]);
      return suspectsOf(group, targets, templateVersion);
    },
  };
}

/** The same step, which collects the logs of the failing instances before anything is undone when it fails. */
export function withEvidence<State extends FleetFacts & Partial<Facts>>(step: StepWith<State>): StepWith<State> {
  const sourceOf = sources[step.id];
  if (!sourceOf) return step;
  return {
    ...step,
    async run(context) {
      const began = context.clock.now();
      beginGathering(context);
      try {
        await step.run(context);
      } catch (error) {
        if (context.signal.aborted || !isAboutApp(step.id, error)) throw error;
        const source = sourceOf(context as unknown as Context, context.clock.now() - began);
        throw await collectEvidence(context, step.id, error, source);
      }
    },
  };
}

function isAboutApp(step: string, error: unknown): boolean {
  if (!(error instanceof PipelineError)) return false;
  if (onHost.has(step)) return ofApp.test(error.code);
  // What was refused before anything began, or by AWS, an instance cannot have caused.
  return error.outcome === 'failed' && !/^(aws|lock|journal|ledger|listener|config)\./.test(error.code);
}
