import { deregisterImage, findImageOfRun, readImage } from '../aws/images.ts';
import type { NewTemplate } from '../fleet/facts.ts';
import type { ContextWith, FleetFacts } from '../fleet/services.ts';
import { userOfTemplate } from '../fleet/template-user.ts';
import { waitUntilConsistent } from '../fleet/wait-until-consistent.ts';

/**
 * Deregisters the image that the step has begun, also when only the intent is known: then the run's tag tells it, as somebody else may
 * have an image of the same name.
 */
export async function dropImage(
  context: ContextWith<Pick<FleetFacts, 'group' | 'idle'> & NewTemplate>,
  name: string,
): Promise<void> {
  const { ec2 } = context.services.aws;
  const begun = context.changes().filter((change) => change.action === 'create-image');
  if (begun.length === 0) return;
  // Where the roll could not be rolled back, instances serve from it, and the group launches it.
  const user = await userOfTemplate(context);
  if (user !== undefined)
    return context.note(`image ${name} is kept: ${user} still has instances of it, or launches it`);
  const known = begun.map((change) => change.result).find((result) => typeof result === 'string');
  // EC2 answers "not found" to the end of an image that it does not show yet, too.
  const image = await waitUntilConsistent(context, `image ${known ?? name}`, () =>
    known === undefined ? findImageOfRun(ec2, name, context.run.id) : readImage(ec2, known),
  );
  const imageId = image?.imageId ?? known;
  if (imageId === undefined) return;
  await context.change({ action: 'deregister-image', target: imageId }, () => deregisterImage(ec2, imageId));
}
