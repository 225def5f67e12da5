import { execa } from 'execa';
import { error, type Finding, ok } from './finding.ts';

/** Programs that commands start, how they tell their version, and what Debian calls them. */
const programs: [string, string[], string][] = [
  ['git', ['--version'], 'git'],
  ['ssh', ['-V'], 'openssh-client'],
  ['ansible-playbook', ['--version'], 'ansible-core'],
];

/** What only some commands start; without it the others work, so it is only reported. */
const onlyFor: [string, string[], string][] = [['packer', ['--version'], 'pipeline base build']];

const minimumNode = [20, 19] as const;

/** This computer: Node and the programs that a release needs. @param node version of Node that runs this */
export async function diagnosePrograms(node: string): Promise<Finding[]> {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const fits = major > minimumNode[0] || (major === minimumNode[0] && minor >= minimumNode[1]);
  const found = [
    fits
      ? ok('programs.node', `Node ${node}`)
      : error('programs.node', `Node ${node} is too old`, `install Node ${minimumNode.join('.')} or newer`),
  ];
  const others = await Promise.all(
    programs.map(async ([name, args, debian]) => {
      const version = await versionOf(name, args);
      return version === undefined
        ? error(`programs.${name}`, `${name} was not found or does not run`, `apt-get install ${debian}`)
        : ok(`programs.${name}`, version);
    }),
  );
  const further = await Promise.all(
    onlyFor.map(async ([name, args, command]) => {
      const version = await versionOf(name, args);
      const text =
        version === undefined
          ? `no ${name} here, which ${command} needs`
          : `${name} ${version.replace(/^packer v?/i, '')}`;
      return ok(`programs.${name}`, text);
    }),
  );
  return [...found, ...others, ...further];
}

/** The first line that a program prints of its version; undefined when it is not there or does not run. */
async function versionOf(name: string, args: string[]): Promise<string | undefined> {
  const { failed, stdout, stderr } = await execa(name, args, { reject: false, stdin: 'ignore', timeout: 10_000 });
  return failed ? undefined : (`${stdout}${stderr}`.split('\n', 1)[0]?.trim() ?? '');
}
