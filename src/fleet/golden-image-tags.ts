import { tagKeys } from '../aws/tags.ts';
import { environmentsTag } from './held-environments.ts';
import type { ContextWith } from './services.ts';

/** What an image is made of. */
export interface ImageSource {
  version: string;
  commit: string;
  /** Why versions before this one cannot work with the data any more. */
  irreversible?: string;
}

/**
 * Tags of a golden image, by which a later run knows what it is without the ledger.
 * @param environments The versions that can be switched to on its hosts.
 */
export function goldenImageTags(
  { services: { fleet }, state, run }: Pick<ContextWith<ImageSource>, 'services' | 'state' | 'run'>,
  name: string,
  environments: readonly string[],
): Record<string, string> {
  return {
    Name: name,
    [tagKeys.app]: fleet.app,
    [tagKeys.environment]: fleet.environment,
    [tagKeys.version]: state.version,
    [tagKeys.commit]: state.commit,
    ...(environments.length > 0 ? { [tagKeys.environments]: environmentsTag(environments) } : {}),
    ...(state.irreversible === undefined ? {} : { [tagKeys.irreversible]: 'true' }),
    [tagKeys.run]: run.id,
  };
}
