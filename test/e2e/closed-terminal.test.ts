import { DescribeInstancesCommand, DescribeKeyPairsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Terminal } from './support/terminal.ts';
import { World } from './support/world.ts';

/** Debian's Packer still has its builders built in; later ones load them from the network. */
const { stdout } = await execa('packer', ['version'], { reject: false });
const [, minor] = /Packer v1\.(\d+)/.exec(stdout ?? '') ?? [];
const runs = minor !== undefined && Number(minor) < 10;

let world: World;
let ec2: EC2Client;

beforeAll(async () => {
  world = await World.create();
  const { endpoint, region, accessKeyId, secretAccessKey } = await world.json<Awaited<ReturnType<World['up']>>>(
    'local',
    'up',
    '--no-fleets',
    '--driver',
    'simulated',
  );
  ec2 = new EC2Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
});
afterAll(async () => {
  ec2?.destroy();
  await world?.close();
});

const builders = async () =>
  ((await ec2.send(new DescribeInstancesCommand({}))).Reservations ?? [])
    .flatMap(({ Instances = [] }) => Instances.map(({ State }) => State?.Name))
    .filter((state) => state !== 'terminated');
const keyPairs = async () => (await ec2.send(new DescribeKeyPairsCommand({}))).KeyPairs ?? [];

const skipped = runs ? '' : " (skipped: needs Debian's packer 1.6.6)";

it.skipIf(!runs).each([
  ['its terminal is closed', 129, (terminal: Terminal) => terminal.close()],
  ['Ctrl-C is pressed', 130, (terminal: Terminal) => terminal.type('\x03')],
])(
  `base build exits when %s, after Packer has removed what it had created: exit code %i${skipped}`,
  async (_, code, end) => {
    const terminal = world.onTerminal('base', 'build', 'api');
    // A simulated machine never answers SSH, so Packer waits for it.
    await terminal.shows('Waiting for SSH');
    expect(await builders()).toEqual(['running']);
    end(terminal);
    const { exitCode, shown } = await terminal.ended;
    expect(exitCode, shown).toBe(code);
    expect(await builders()).toEqual([]);
    expect(await keyPairs()).toEqual([]);
  },
);
