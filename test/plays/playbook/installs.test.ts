import { PipelineError } from '@golden-pipeline/shared/errors';
import { describe, expect, it } from 'vitest';
import type { Services } from '../../../src/fleet/services.ts';
import type { Hosts } from '../../../src/hosts/types.ts';
import { installsOn } from '../../../src/plays/playbook/installs.ts';

const host = { instanceId: 'i-0abc', address: '192.0.2.1' };

/** What is said of a host on which programs answer this; what is an error is thrown. */
async function installs(
  role: 'node' | 'python' | 'ruby',
  wanted: string | undefined,
  answer: string | PipelineError,
  { become = false, asked = [] as string[][] } = {},
): Promise<string[]> {
  const run = async (_host: unknown, argv: string[]) => {
    asked.push(argv);
    if (answer instanceof PipelineError) throw answer;
    return answer;
  };
  const services = { fleet: { ssh: { become } }, hosts: { run } as unknown as Hosts } as Pick<
    Services,
    'fleet' | 'hosts'
  >;
  const variable = { node: 'node_major', python: 'python_minimum', ruby: 'ruby_minimum' }[role];
  return installsOn(services, host, [{ role, ...(wanted !== undefined && { variables: { [variable]: wanted } }) }]);
}

describe('nothing needs to be installed on a host that has what a role requires:', () => {
  it.each([
    ['node', '20', 'v20.1.0\n'],
    ['node', '20', 'v24.0.0'],
    ['python', '3.9', '3.11'],
    ['python', '3.9', '3.9'],
    ['python', '3', '3.9'],
    ['python', '3.9', '4.0'],
    ['ruby', '3.0', '3.2.0'],
  ] as const)('%s %s, and the host has %s', async (role, wanted, answer) => {
    expect(await installs(role, wanted, answer)).toEqual([]);
  });
});

describe('something is, or may be, installed where', () => {
  it.each([
    ['node', '24', 'v20.1.0', 'role node would install Node 24: i-0abc has v20.1.0'],
    ['node', '20', '', 'role node would install Node 20: i-0abc has none'],
    ['ruby', '3.0', '2.7.4', 'role ruby would install Ruby 3.0: i-0abc has 2.7.4'],
    ['python', '3.10', '3.9', 'role python would install Python 3.10: i-0abc has 3.9'],
    ['node', 'latest', 'v20.1.0', 'role node would install Node latest: i-0abc has v20.1.0'],
    [
      'node',
      undefined,
      'v20.1.0',
      'role node: whether it installs Node is not known, as node_major is known only while it runs',
    ],
    [
      'node',
      '20',
      new PipelineError('ssh.failed', '`node --version` failed'),
      'role node: whether it installs Node is not known: `node --version` failed',
    ],
  ] as const)('%s %s is required and the host answers %s', async (role, wanted, answer, reason) => {
    expect(await installs(role, wanted, answer)).toEqual([reason]);
  });

  it('there is no host to check', async () => {
    const installer = { role: 'node' as const, variables: { node_major: '20' } };
    expect(await installsOn({} as Services, undefined, [installer])).toEqual([
      'role node: whether it installs Node is not known, as no host of the fleet could be queried',
    ]);
  });
});

it('the host is checked as the user that the role runs as', async () => {
  const asked: string[][] = [];
  await installs('node', '20', 'v20', { become: true, asked });
  expect(asked).toEqual([['sudo', '-n', 'node', '--version']]);
});
