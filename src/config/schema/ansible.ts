import { z } from 'zod';
import { listOf, oneOf, section, shaped, text } from './values.ts';

/** `all` and `ungrouped` are Ansible's own; a name like `i-0abc` is a host of the inventory. */
const groupName = () =>
  shaped(
    /^(?!(all|ungrouped|localhost)$)(?!i-)[A-Za-z_][A-Za-z0-9_-]{0,60}$/,
    "the name of an inventory group: a letter or _, then letters, digits, _ and -; not 'all', 'ungrouped', 'localhost' or an instance id",
  );

export const ansibleSection = section({
  playbook: text().describe('Playbook that builds a release on a host; relative to the project folder.'),
  kind: oneOf(['release', 'plain'])
    .default('release')
    .describe(
      '`release`: the playbook applies the `release` role; `plain`: any other playbook, which is run as a whole on an instance without traffic (docs/plain-playbooks.md). It needs a smoke test that contains `{version}` or `{commit}`.',
    ),
  groups: listOf(groupName(), 'a list of group names')
    .default([])
    .describe(
      'Inventory groups of the host, so that `hosts: webservers` matches it and `group_vars/webservers.yml` applies.',
    ),
  requirements: shaped(/^[^\p{Cc}]+\.ya?ml$/u, "a file such as 'ansible/requirements.yml'")
    .optional()
    .describe(
      'Requirements file, whose roles and collections `ansible-galaxy` installs below `.pipeline/galaxy`, once for each content; relative to the project folder.',
    ),
  vaultPasswordFile: text()
    .optional()
    .describe(
      'File with the Ansible Vault password, or a program that prints it; `~` is the home folder, relative paths start at the project folder. Only its owner and group may read it.',
    ),
  variables: z
    .record(text(), z.unknown(), { error: 'names with values in { }' })
    .default({})
    .describe(
      'Extra variables for every play. They reach Ansible as a file, never through a shell. A release needs a value for each (docs/release.md).',
    ),
  files: listOf(
    shaped(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\p{Cc}]+$/u, 'a file or folder inside the project, without ..'),
    "a list of paths, such as ['ansible/galaxy', 'ansible/.vault-password']",
  )
    .default([])
    .describe(
      'Uncommitted files and folders that plays need (roles from Galaxy, a vault password); relative to the project folder. Plays run from a commit of the project, and these are copied into it.',
    ),
}).describe('How a host is built.');
