import { z } from 'zod';
import { cleanPathProblem, sharedNameProblem } from '../clean-paths.ts';
import { listOf, section, text } from './values.ts';

/** Text that passes a rule, whose result is the expected value for the report. */
const checked = (problemOf: (value: string) => string | undefined) =>
  z.string({ error: 'text' }).superRefine((value, context) => {
    const message = problemOf(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

const paths = () => listOf(checked(cleanPathProblem), "a list of absolute paths, such as ['/var/lib/agent/id']");

/** Each key is also a variable of the release role, whose value applies when the key is absent. */
export const cleanSection = section({
  paths: paths()
    .optional()
    .describe(
      'Absolute paths, `*` allowed, of what identifies one host and is not created again by a boot. When one of them is on the instance being baked, that instance is terminated after the bake. Default: `release_clean` of the app role.',
    ),
  madeAtBoot: paths()
    .optional()
    .describe(
      'The same for what a boot creates again, so that the instance can return to service. Default: `release_clean_made_at_boot` of the app role.',
    ),
  shared: listOf(checked(sharedNameProblem), "a list of names in the shared folder, such as ['uploads/tmp']")
    .optional()
    .describe(
      'Names in `/srv/<app>/shared`, `*` allowed, whose files are not in the image; folders stay. Default: `release_clean_shared` of the app role.',
    ),
  keep: listOf(text(), "a list of names, such as ['tailscale', 'tmp']")
    .optional()
    .describe(
      'Names of agents, and names in the shared folder, whose default removal is skipped. Default: `release_clean_keep` of the app role.',
    ),
});
