import path from 'node:path';
import type { Benchmark, Figure } from '@golden-pipeline/shared/testing/figures';
import { execa } from 'execa';
import type { LoadTotal } from '../examples/demo/load.ts';
import { BenchWorld, root, type Up } from './support/bench-world.ts';

/**
 * Target in seconds from the command to all traffic on the old version; rolling has none, as it depends on the boot
 * time of instances.
 */
const aims: Record<string, string | undefined> = { 'in-place': '<= 5', switch: '<= 2' };

/** From the command to the last answer of the newer version, under load, with the failed requests counted. */
export const rollback: Benchmark = {
  name: 'rollback',
  async run() {
    const figures: Figure[] = [];
    for (const size of [4, 20]) figures.push(...(await measure(size)), ...(await measureSwitch(size)));
    return figures;
  },
};

async function measure(size: number): Promise<Figure[]> {
  const world = await BenchWorld.create();
  try {
    await world.edit(
      'pipelines/api.ts',
      'capacity: { min: 4, max: 12 }',
      `capacity: { min: ${size}, max: ${size * 2} }`,
    );
    const up = await world.json<Up>('local', 'up');
    const url = up.loadBalancers.find((one) => one.app === 'api')?.url ?? '';
    await world.json('release', 'api');
    await world.project.change(`A fleet of ${size}`);
    await world.json('release', 'api');
    const inPlace = await under(url, () => world.json('fast-rollback', 'api', 'v1', '--method', 'in-place', '--wait'));
    const rolling = await under(url, () => world.json('fast-rollback', 'api', 'v2', '--method', 'rolling'));
    return [...figuresOf('in-place', size, inPlace), ...figuresOf('rolling', size, rolling)];
  } finally {
    await world.close();
  }
}

/** A switch needs a fleet of two groups, and a release within its rollback window. */
async function measureSwitch(size: number): Promise<Figure[]> {
  const world = await BenchWorld.create();
  try {
    await world.edit(
      'pipelines/api.ts',
      'capacity: { min: 4, max: 12 }',
      `capacity: { min: ${size}, max: ${size * 2} }`,
    );
    await world.edit(
      'pipelines/api.ts',
      'release: {',
      "release: { strategy: 'blue-green', weights: [100], rollbackWindow: 3600,",
    );
    const up = await world.json<Up>('local', 'up');
    const url = up.loadBalancers.find((one) => one.app === 'api')?.url ?? '';
    await world.json('release', 'api');
    await world.project.change(`A fleet of ${size}, twice`);
    await world.json('release', 'api');
    return figuresOf(
      'switch',
      size,
      await under(url, () => world.json('fast-rollback', 'api', 'v1', '--method', 'switch')),
    );
  } finally {
    await world.close();
  }
}

interface Measured {
  seconds: number;
  total: LoadTotal;
}

function figuresOf(method: string, size: number, { seconds, total }: Measured): Figure[] {
  const what = `${method}, fleet of ${size}`;
  return [
    { figure: `${what}: command to 100 % of traffic on the old version`, value: seconds, unit: 's', aim: aims[method] },
    { figure: `${what}: failed of ${total.requests} requests`, value: total.failed, unit: '', aim: '0' },
    {
      figure: `${what}: requests a second meanwhile`,
      value: total.requests / total.seconds,
      unit: '/s',
      aim: '>= 500',
    },
  ];
}

/** Changes the version under load, and measures until the last answer of the old version. */
async function under(url: string, change: () => Promise<unknown>): Promise<Measured> {
  const load = execa(process.execPath, [path.join(root, 'dist/demo.js'), '--load', url], { stdin: 'ignore' });
  const versionNow = async () => {
    const { version } = (await (await fetch(`${url}/version`)).json()) as { version: string };
    return version;
  };
  const before = await versionNow();
  let last = performance.now();
  let going = true;
  const clients = Array.from({ length: 4 }, async () => {
    while (going) if ((await versionNow()) === before) last = performance.now();
  });
  const started = performance.now();
  await change();
  going = false;
  await Promise.all(clients);
  load.kill('SIGTERM');
  const lines = (await load).stdout.trim().split('\n');
  const { total } = JSON.parse(lines.at(-1) ?? '') as { total: LoadTotal };
  return { seconds: (last - started) / 1000, total };
}
