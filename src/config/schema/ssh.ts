import { z } from 'zod';
import { flag, listOf, oneOf, port, section, shaped, text } from './values.ts';

const user = '[A-Za-z_][A-Za-z0-9_.-]{0,31}';
const host = '([A-Za-z0-9][A-Za-z0-9.-]{0,252}|\\[[0-9A-Fa-f:.]+\\])';

const jumpSection = section({
  to: shaped(
    new RegExp(`^${user}@${host}(:[0-9]{1,5})?$`),
    "user@host or user@host:port, such as 'ops@bastion.example.org:22'",
  ).describe('Login on it as `user@host` or `user@host:port`.'),
  hostKeys: listOf(
    shaped(
      /^(?!@)([^\s]+ )?(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)) AAAA[0-9A-Za-z+/]{20,}={0,3}( .*)?$/,
      "a line of known_hosts, such as 'bastion.example.org ssh-ed25519 AAAA...'",
    ),
    'a list of known_hosts lines',
  )
    .min(1, { error: 'a list of known_hosts lines' })
    .describe('Its host keys as known_hosts lines; it is trusted with no other.'),
  privateKey: text().optional().describe('Private key file for it. Default: `ssh.privateKey`.'),
});

export const sshSection = section({
  user: shaped(/^[a-z_][a-z0-9_-]{0,31}$/, 'the name of a Unix user')
    .default('admin')
    .describe('User on the hosts.'),
  port: port().default(22).describe('TCP port of SSH on the hosts.'),
  privateKey: text()
    .default('~/.ssh/id_ed25519')
    .describe('Private key file; `~` is the home folder, relative paths start at the project folder.'),
  hostKeys: z
    .union([z.literal('console'), z.array(z.string().min(1)).min(1)], {
      error: "'console' or a list of known_hosts lines",
    })
    .default('console')
    .describe("`console`: host keys are pinned from the instance's console output; or a list of known_hosts lines."),
  via: oneOf(['direct', 'ssm'])
    .default('direct')
    .describe(
      '`direct`: to the address of the host; `ssm`: by a Session Manager session to its instance id, so no port is open. It needs the AWS CLI and its session-manager-plugin on this computer.',
    ),
  proxyJump: jumpSection.optional().describe('Host through which the others are reached.'),
  become: flag().default(true).describe('Whether plays become root by sudo.'),
}).describe('How hosts are reached.');
