import path from 'node:path';
import { type Benchmark, median, timed } from '@golden-pipeline/shared/testing/figures';
import { execa } from 'execa';
import { root } from './support/bench-world.ts';

const rounds = 15;

/** Start-up time of `pipeline --help` compared with that of an empty Node program. */
export const help: Benchmark = {
  name: 'command line',
  async run() {
    const ours: number[] = [];
    const bare: number[] = [];
    for (let round = -1; round < rounds; round++) {
      const a = await timed(() => execa(process.execPath, [path.join(root, 'bin/pipeline.mjs'), '--help']));
      const b = await timed(() => execa(process.execPath, ['-e', '0']));
      // The first round warms the caches.
      if (round >= 0) {
        ours.push(a);
        bare.push(b);
      }
    }
    return [
      { figure: 'pipeline --help', value: median(ours), unit: 'ms' },
      { figure: 'node -e 0', value: median(bare), unit: 'ms' },
      { figure: 'ratio', value: median(ours) / median(bare), unit: 'x', aim: '<= 2' },
    ];
  },
};
