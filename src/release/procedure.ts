import type { MigrationTime } from '../config/schema/migrate.ts';
import type { ReleaseState, ReleaseStep } from './state.ts';
import { announce } from './steps/announce.ts';
import { bake } from './steps/bake.ts';
import { bootBuilder } from './steps/boot-builder.ts';
import { detach } from './steps/detach.ts';
import { migrate } from './steps/migrate.ts';
import { preflight } from './steps/preflight.ts';
import { promote } from './steps/promote.ts';
import { retain } from './steps/retain.ts';
import { returnInstance } from './steps/return-instance.ts';
import { roll } from './steps/roll.ts';
import { scaleUpIdleGroup } from './steps/scale-up-idle-group.ts';
import { shiftTraffic } from './steps/shift-traffic.ts';
import { stage, startStaged } from './steps/stage.ts';
import { runPlaybookAsAWhole } from './steps/stage-plain.ts';
import { validate } from './steps/validate.ts';
import { verify } from './steps/verify.ts';
import { withEvidence } from './with-evidence.ts';

/** A migration runs before the version that needs it is started anywhere, or when no other version serves any more. */
function withMigration(steps: readonly ReleaseStep[], when: MigrationTime | undefined): readonly ReleaseStep[] {
  return steps.flatMap((step): ReleaseStep[] => {
    if (step === stage && when === 'before-roll') return [stage, migrate, startStaged];
    return step === verify && when === 'after-roll' ? [migrate, verify] : [step];
  });
}

/** How the fleet gets the image, and how the release ends. */
const onto: Record<ReleaseState['strategy'], readonly ReleaseStep[]> = {
  // By an instance refresh of its group.
  rolling: [roll, verify, retain, announce],
  // By a second group that takes the traffic over.
  'blue-green': [scaleUpIdleGroup, shiftTraffic, promote, verify, retain, announce],
};

/** How the image is made. */
const image = {
  // On an instance of the fleet, which serves until its new environment is built, and returns once the image is validated.
  detach: [preflight, stage, detach, bake, validate, returnInstance],
  // The same where plays may change more than the release's folder: it does not serve during them.
  detachFirst: [preflight, detach, stage, bake, validate, returnInstance],
  // On a temporary instance: nothing is taken out of the load balancer.
  builder: [preflight, bootBuilder, stage, bake, validate],
  // A plain playbook runs as a whole, so the instance of the fleet is always out of service by then.
  plainDetachFirst: [preflight, detach, runPlaybookAsAWhole, bake, validate, returnInstance],
  plainBuilder: [preflight, bootBuilder, runPlaybookAsAWhole, bake, validate],
} satisfies Record<string, readonly ReleaseStep[]>;

/** The steps of a release, by how the image is made and how the fleet gets it. */
export function releaseSteps({
  bake: by,
  strategy,
  detachFirst,
  kind,
  migration,
}: Pick<ReleaseState, 'bake' | 'strategy' | 'detachFirst' | 'kind' | 'migration'>): readonly ReleaseStep[] {
  const onInstance = kind === 'plain' ? 'plainDetachFirst' : detachFirst ? 'detachFirst' : 'detach';
  const onBuilder = kind === 'plain' ? 'plainBuilder' : 'builder';
  const steps = [...image[by === 'detach' ? onInstance : onBuilder], ...onto[strategy]];
  return withMigration(steps, migration?.when).map((step) => withEvidence(step));
}
