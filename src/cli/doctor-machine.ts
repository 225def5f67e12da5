import { execa } from 'execa';
import { error, type Finding, ok } from '../operations/doctor/finding.ts';

/** Programs that commands start, how they tell their version, and what Debian calls them. */
const programs: [string, string[], string][] = [
  ['git', ['--version'], 'git'],
  ['ssh', ['-V'], 'openssh-client'],
  ['ansible-playbook', ['--version'], 'ansible-core'],
];

const minimumNode = [20, 19] as const;

/** This machine: Node and the programs that a release needs. */
export async function diagnoseMachine(node = process.versions.node): Promise<Finding[]> {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const fits = major > minimumNode[0] || (major === minimumNode[0] && minor >= minimumNode[1]);
  const found = [
    fits
      ? ok('machine.node', `Node ${node}`)
      : error('machine.node', `Node ${node} is too old`, `install Node ${minimumNode.join('.')} or newer`),
  ];
  const others = await Promise.all(
    programs.map(async ([name, args, debian]) => {
      const { failed, stdout, stderr } = await execa(name, args, { reject: false, stdin: 'ignore', timeout: 10_000 });
      const version = `${stdout}${stderr}`.split('\n', 1)[0]?.trim() ?? '';
      return failed
        ? error(`machine.${name}`, `${name} was not found or does not run`, `apt-get install ${debian}`)
        : ok(`machine.${name}`, version);
    }),
  );
  return [...found, ...others];
}
