import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Benchmark, median, timed } from '@golden-pipeline/shared/testing/figures';
import { execa } from 'execa';
import { root } from './support/bench-world.ts';

const rounds = 5;

/** `cdk synth` of the project's own fleets without network and credentials, against an app of one empty stack. */
export const synth: Benchmark = {
  name: 'infrastructure',
  async run() {
    const folder = await mkdtemp(path.join(tmpdir(), 'gp-synth-'));
    try {
      const empty = path.join(folder, 'empty.cjs');
      const library = JSON.stringify(path.join(root, 'node_modules/aws-cdk-lib'));
      await writeFile(
        empty,
        `const { App, Stack } = require(${library}); const app = new App(); new Stack(app, 'Empty'); app.synth();\n`,
      );
      const ours: number[] = [];
      const bare: number[] = [];
      const out = path.join(folder, 'ours');
      for (let round = -1; round < rounds; round++) {
        const a = await timed(() => cdk(root, '--output', out));
        const b = await timed(() => cdk(folder, '--app', `node ${empty}`, '--output', path.join(folder, 'bare')));
        // The first round warms the caches.
        if (round >= 0) {
          ours.push(a);
          bare.push(b);
        }
      }
      const templates = (await readdir(out)).filter((name) => name.endsWith('.template.json'));
      return [
        { figure: `cdk synth, offline, ${templates.length} stacks`, value: median(ours) / 1000, unit: 's' },
        { figure: 'cdk synth, offline, one empty stack', value: median(bare) / 1000, unit: 's' },
        { figure: 'ratio', value: median(ours) / median(bare), unit: 'x' },
      ];
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** `cdk synth` as a user calls it, without network access. */
const cdk = (cwd: string, ...argv: string[]) =>
  execa(process.execPath, [path.join(root, 'node_modules/aws-cdk/bin/cdk'), 'synth', '--quiet', ...argv], {
    cwd,
    preferLocal: true,
    localDir: root,
    env: {
      AWS_ACCESS_KEY_ID: '',
      AWS_PROFILE: '',
      AWS_EC2_METADATA_DISABLED: 'true',
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      // Nobody listens there.
      HTTPS_PROXY: 'http://127.0.0.1:9',
      HTTP_PROXY: 'http://127.0.0.1:9',
    },
  });
