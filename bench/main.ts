import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Benchmark } from '@golden-pipeline/shared/testing/figures';
import { run as runBalancer } from '../packages/local-cloud/bench/balancer-throughput.ts';
import { localAnswers } from '../packages/local-cloud/bench/local-answers.ts';
import { localFleets } from '../packages/local-cloud/bench/local-fleets.ts';
import { localStart } from '../packages/local-cloud/bench/local-start.ts';
import { help } from './help.ts';
import { release } from './release.ts';
import { rollback } from './rollback.ts';
import { rollbackCalls } from './rollback-calls.ts';
import { scale } from './scale.ts';
import { type Measured, record, shown, table } from './support/page.ts';
import { synth } from './synth.ts';

const balancerThroughput: Benchmark = { name: 'balancer', run: async () => (await runBalancer()).rows };
const all: Benchmark[] = [
  help,
  localStart,
  localAnswers,
  localFleets,
  balancerThroughput,
  release,
  rollback,
  rollbackCalls,
  scale,
  synth,
];
const page = 'docs/benchmarks.md';
// Hides the SDK's warning about future Node versions.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const { positionals, values } = parseArgs({ allowPositionals: true, options: { record: { type: 'boolean' } } });
const order = all.map((one) => one.name);
const unknown = positionals.filter((wanted) => !order.some((name) => name.includes(wanted)));
if (unknown.length > 0) {
  process.stderr.write(`error: no benchmark is called ${unknown.join(', ')}\nfix: there are ${order.join(', ')}\n`);
  process.exit(2);
}
const measured: Measured[] = [];
for (const benchmark of all) {
  if (positionals.length > 0 && !positionals.some((wanted) => benchmark.name.includes(wanted))) continue;
  process.stderr.write(`${benchmark.name}${benchmark.takes ? ` (${benchmark.takes})` : ''} ...\n`);
  const figures = await benchmark.run((line) => void process.stderr.write(`  ${line} ...\n`));
  for (const one of figures) {
    process.stderr.write(`  ${one.figure}: ${shown(one)}${one.aim ? ` (aim ${one.aim})` : ''}\n`);
  }
  measured.push({ name: benchmark.name, figures });
  // Written after each benchmark, so that results are not lost when a later one fails.
  if (values.record) await writeFile(page, record(await readFile(page, 'utf8'), measured, order));
}
process.stdout.write(`${table(measured)}\n`);
