import { parseArgs } from 'node:util';
import { seededRandom } from 'golden-pipeline-local-cloud';
import { drawHistory, killSequels } from './support/episodes.ts';
import { playKills } from './support/kills.ts';
import { Simulation } from './support/simulation.ts';

/*
 * npm run simulate -- [--runs N] [--seed S] [--length L]
 * Plays N histories of L episodes each, from seed S upwards, and prints the story of each one in which something is wrong.
 * npm run simulate -- --kills [--only TEXT]
 * Kills the process of each operation before and after each of its changes, and plays everything that can follow; only of those whose
 * strategy and command, such as 'rolling fast-rollback', have the text.
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    length: { type: 'string', default: '6' },
    kills: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
const [runs, first, length] = [values.runs, values.seed, values.length].map(positive) as [number, number, number];

process.exitCode = (await (values.kills ? playAllKills() : playHistories())) > 0 ? 1 : 0;

/** @returns how many went wrong */
async function playHistories(): Promise<number> {
  const began = performance.now();
  let [episodes, struck, wrong] = [0, 0, 0];
  for (let seed = first; seed < first + runs; seed++) {
    const history = drawHistory(seed, seededRandom(seed), length);
    const story = [`seed ${seed}: ${history.strategy}, ${history.instances} instances`];
    const simulation = await Simulation.create(history);
    try {
      for (const episode of history.episodes) {
        const told = await simulation.play(episode);
        episodes++;
        if (told.struck && episode.trouble) struck++;
        story.push(`  ${told.line}`);
        if (told.violations.length === 0) continue;
        wrong++;
        process.stdout.write(`${[...story, ...told.violations.map((line) => `    WRONG: ${line}`)].join('\n')}\n`);
        // What follows would be judged by a fleet that is wrong already.
        break;
      }
    } finally {
      await simulation.close();
    }
  }
  const seconds = (performance.now() - began) / 1000;
  process.stdout.write(
    `${runs} histories, ${episodes} episodes, ${struck} of them with a fault or a kill, in ${seconds.toFixed(0)} s: ${wrong} wrong\n`,
  );
  return wrong;
}

/** @returns how many went wrong */
async function playAllKills(): Promise<number> {
  let bad = 0;
  for (const strategy of ['rolling', 'blue-green'] as const) {
    for (const request of ['release', 'release --bake builder', 'fast-rollback'] as const) {
      if (!`${strategy} ${request}`.includes(values.only)) continue;
      const outcomes = new Map<string, number>();
      for await (const told of playKills({ strategy, request, sequels: killSequels })) {
        const outcome = /: ([a-z-]+) \(/.exec(told.line)?.[1] ?? 'unknown';
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        if (told.violations.length === 0) continue;
        bad++;
        process.stdout.write(`${[told.line, ...told.violations.map((line) => `    WRONG: ${line}`)].join('\n')}\n`);
      }
      const counts = [...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
      process.stdout.write(`${strategy} ${request}, killed at every change: ${counts}; ${bad} wrong so far\n`);
    }
  }
  return bad;
}

function positive(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  process.stderr.write(`error: ${JSON.stringify(text)} is not a positive number\n`);
  process.exit(2);
}
