import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { seededRandom } from 'golden-pipeline-local-cloud';
import { describeEpisode, drawHistory, type History, killSequels } from './support/episodes.ts';
import { playKills } from './support/kills.ts';
import { playHistory } from './support/play-history.ts';
import { shrink } from './support/shrink.ts';

/*
 * npm run simulate -- [--runs N] [--seed S] [--length L] [--workers W]
 * Plays N histories of L episodes each, from seed S upwards, in W processes, and prints the story of each one in which something is wrong,
 * shrunk to what it needs.
 * npm run simulate -- --kills [--only TEXT]
 * Kills the process of each operation before and after each of its changes, and plays everything that can follow; only of those whose
 * strategy and command, such as 'rolling fast-rollback', have the text.
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    length: { type: 'string', default: '6' },
    workers: { type: 'string', default: '1' },
    kills: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
const [runs, first, length, workers] = [values.runs, values.seed, values.length, values.workers].map(positive) as [
  number,
  number,
  number,
  number,
];

process.exitCode = (await (values.kills ? playAllKills() : workers > 1 ? share() : playHistories())) > 0 ? 1 : 0;

/** Shares the histories among processes, in slices of equal size. @returns how many of these found something */
async function share(): Promise<number> {
  const slice = Math.ceil(runs / workers);
  const starts = Array.from({ length: workers }, (_, index) => index * slice).filter((start) => start < runs);
  const ended = await Promise.all(
    starts.map((start) => {
      const own = { runs: Math.min(slice, runs - start), seed: first + start, length };
      const words = Object.entries(own).flatMap(([name, value]) => [`--${name}`, String(value)]);
      return execa(process.execPath, [fileURLToPath(import.meta.url), ...words], { stdio: 'inherit', reject: false });
    }),
  );
  return ended.filter(({ exitCode }) => exitCode !== 0).length;
}

/** @returns how many went wrong */
async function playHistories(): Promise<number> {
  const began = performance.now();
  let [episodes, struck, wrong] = [0, 0, 0];
  for (let seed = first; seed < first + runs; seed++) {
    const history = drawHistory(seed, seededRandom(seed), length);
    const played = await playHistory(history);
    episodes += played.episodes;
    struck += played.struck;
    if (played.violations.length === 0) continue;
    wrong++;
    process.stdout.write(storyOf(history, played));
    const least = await shrink(history, async (simpler) => (await playHistory(simpler)).violations.length > 0);
    process.stdout.write(`shrunk, ${storyOf(least, await playHistory(least))}`);
  }
  const seconds = (performance.now() - began) / 1000;
  process.stdout.write(
    `${runs} histories from seed ${first}, ${episodes} episodes, ${struck} of them with a fault, a kill or a second operator, ` +
      `in ${seconds.toFixed(0)} s: ${wrong} wrong\n`,
  );
  return wrong;
}

function storyOf(
  { seed, strategy, instances, switching, episodes }: History,
  played: { story: string[]; violations: string[] },
) {
  const lines = [
    `seed ${seed}: ${strategy}, ${instances} instances${switching ? ' that can switch' : ''}`,
    ...played.story.map((line) => `  ${line}`),
    ...played.violations.map((line) => `    WRONG: ${line}`),
    ...episodes.slice(played.story.length).map((episode) => `  (not played: ${describeEpisode(episode)})`),
  ];
  return `${lines.join('\n')}\n`;
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
