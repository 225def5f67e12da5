import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, release as kernel, totalmem } from 'node:os';
import { run as runBalancer } from './balancer-throughput.ts';
import { help } from './help.ts';
import { localAnswers } from './local-answers.ts';
import { localFleets } from './local-fleets.ts';
import { localStart } from './local-start.ts';
import { release } from './release.ts';
import { rollback } from './rollback.ts';
import { rollbackCalls } from './rollback-calls.ts';
import { scale } from './scale.ts';
import type { Benchmark } from './support/figures.ts';
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
// The SDK's word on coming Node versions is no news to whoever runs a benchmark.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
const wanted = process.argv[2];
const lines = [
  '# Benchmarks',
  '',
  'Taken by `npm run bench`, ratios from one run. `npm run bench -- <name>` takes one of them.',
  '',
  `Machine: ${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${kernel()}, Node ${process.version}.`,
  '',
  '| benchmark | figure | value | aim |',
  '| --- | --- | ---: | --- |',
];
for (const benchmark of all.filter((one) => wanted === undefined || one.name.includes(wanted))) {
  process.stderr.write(`${benchmark.name} ...\n`);
  for (const { figure, value, unit, aim } of await benchmark.run()) {
    const shown = value >= 100 ? value.toFixed(0) : value.toFixed(2);
    lines.push(`| ${benchmark.name} | ${figure} | ${shown} ${unit} | ${aim ?? ''} |`);
    process.stderr.write(`  ${figure}: ${shown} ${unit}${aim ? ` (aim ${aim})` : ''}\n`);
  }
}
const table = `${lines.join('\n')}\n`;
process.stdout.write(table);
if (wanted === undefined) {
  await mkdir('docs', { recursive: true });
  await writeFile('docs/benchmarks.md', table);
}
