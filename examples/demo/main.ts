import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import pc from 'picocolors';
import { leaveLostTerminals, surviveLostOutput } from '../../src/cli/lost-output.ts';
import { exitCodeOf } from '../../src/engine/interrupt.ts';
import { versionChart } from './chart.ts';
import { type LoadSecond, type LoadTotal, runLoad } from './load.ts';
import { DemoProject } from './project.ts';

/** What `release --json` and `fast-rollback --json` print. */
interface OperationReport {
  run: string;
  version: string;
  previous: string | null;
  method: string;
  seconds: number;
  steps: { id: string; title: string; status: string; seconds: number }[];
}

/** The root of the package, above dist/. */
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const say = (line: string) => process.stderr.write(`${line}\n`);
const chapter = (title: string) => say(`\n${pc.bold(pc.cyan(`▶ ${title}`))}`);

async function main(): Promise<number> {
  const dir = path.join(process.cwd(), '.pipeline', 'demo');
  const interrupt = interruption();
  const run = async (...args: string[]): Promise<string> => {
    const child = execa(
      process.execPath,
      [path.join(root, 'bin/pipeline.mjs'), ...args, '--project', dir, '--json', '--yes'],
      {
        stdin: 'ignore',
        stderr: 'inherit',
        env: { PIPELINE_LOCAL_DIR: undefined, AWS_ENDPOINT_URL: undefined },
      },
    );
    interrupt.passOnTo((signal) => child.kill(signal));
    return (await child).stdout;
  };
  const pipeline = async <T>(...args: string[]): Promise<T> => {
    interrupt.check();
    say(pc.dim(`$ pipeline ${args.join(' ')}`));
    // A command that was interrupted ends with an error of its own.
    const stdout = await run(...args).finally(interrupt.check);
    return JSON.parse(stdout) as T;
  };
  // An earlier demo that was killed has left its cloud running, and the folder is about to be created again.
  if (existsSync(dir)) await run('local', 'down');
  const project = await DemoProject.create(root, dir);
  const commits: Record<string, string> = {};

  chapter('1. The local cloud, and a fleet for each app in pipelines/');
  let load: ReturnType<typeof startLoad> | undefined;
  try {
    const cloud = await pipeline<{ endpoint: string; loadBalancers: { app: string; url: string }[] }>('local', 'up');
    const url = cloud.loadBalancers.find((one) => one.app === 'api')?.url;
    if (!url) throw new Error('the local cloud has no fleet for api');
    say(`endpoint ${cloud.endpoint}, load balancer ${url}`);
    const releases: OperationReport[] = [];

    chapter('2. The first golden image, from the base image on a builder');
    commits.v1 = await project.head();
    releases.push(await pipeline('release', 'api'));

    chapter('3. A constant load from now on, every failed request counted');
    load = startLoad(url);
    await load.warm();

    chapter('4. Two releases under load');
    commits.v2 = await project.change('Tickets for everybody');
    releases.push(await pipeline('release', 'api'));
    commits.v3 = await project.change('Tickets for everybody, twice');
    releases.push(await pipeline('release', 'api'));

    chapter('5. Back on v2');
    releases.push(await pipeline('fast-rollback', 'api', 'v2', '--method', 'rolling'));

    const { seconds, total } = await load.stop();
    const images = await pipeline<{ version: string; imageId: string; state: string; inUse: boolean }[]>(
      'images',
      'api',
    );

    chapter('6. What happened');
    for (const line of versionChart(seconds)) say(line);
    say('');
    for (const release of releases) say(timing(release));
    say(`\nimages kept: ${images.map((image) => `${image.version}${image.inUse ? ' (serves)' : ''}`).join(', ')}`);
    const problems = findProblems(total, commits, releases);
    const rate = Math.round(total.requests / total.seconds);
    say(
      `${pc.bold(String(total.requests))} requests (${rate}/s), ` +
        `${total.failed === 0 ? pc.green('0 failed') : pc.red(`${total.failed} failed`)}, p50 ${total.p50} ms, p99 ${total.p99} ms`,
    );
    await writeReport({ total, rate, commits, releases, images, problems });
    for (const problem of problems) say(pc.red(`wrong: ${problem}`));
    return problems.length === 0 ? 0 : 1;
  } finally {
    load?.end();
    say(pc.dim('$ pipeline local down'));
    await run('local', 'down').catch((error: unknown) => say(String(error)));
  }
}

class Interrupted extends Error {
  constructor(readonly exitCode: number) {
    super('interrupted');
  }
}

/**
 * Ctrl-C goes to every process in the foreground, so the command that runs has it as well and undoes what it did: the demo only
 * waits for that and goes no further. A SIGTERM comes to the demo alone and is passed on. A SIGHUP may be either; to a command that has
 * it already a second one is nothing.
 */
function interruption() {
  let interrupted: Interrupted | undefined;
  let passOn: (signal: NodeJS.Signals) => void = () => undefined;
  process.on('SIGINT', () => {
    interrupted ??= new Interrupted(exitCodeOf.SIGINT);
  });
  process.on('SIGTERM', () => {
    interrupted ??= new Interrupted(exitCodeOf.SIGTERM);
    passOn('SIGTERM');
  });
  process.on('SIGHUP', () => {
    interrupted ??= new Interrupted(exitCodeOf.SIGHUP);
    passOn('SIGHUP');
  });
  return {
    passOnTo(receiver: (signal: NodeJS.Signals) => void): void {
      passOn = receiver;
    },
    /** Throws once the demo was interrupted. */
    check(): void {
      if (interrupted) throw interrupted;
    },
  };
}

/** The load in its own process; `warm` resolves when a first full second went well. */
function startLoad(url: string) {
  const child = execa(process.execPath, [fileURLToPath(import.meta.url), '--load', url], {
    stdin: 'ignore',
    stderr: 'inherit',
    buffer: false,
    reject: false,
  });
  const seconds: LoadSecond[] = [];
  let total: LoadTotal | undefined;
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const parsed = JSON.parse(line) as LoadSecond | { total: LoadTotal };
    if ('total' in parsed) total = parsed.total;
    else seconds.push(parsed);
  });
  const ended = once(lines, 'close');
  return {
    async warm(): Promise<void> {
      await Promise.race([once(lines, 'line'), ended]);
      say(
        `${Object.values(seconds[0]?.versions ?? {}).reduce((sum, count) => sum + count, 0)} answers in the first second`,
      );
    },
    async stop(): Promise<{ seconds: LoadSecond[]; total: LoadTotal }> {
      child.kill('SIGTERM');
      await Promise.all([ended, child]);
      if (!total) throw new Error('the load ended without a total');
      return { seconds, total };
    },
    end(): void {
      child.kill('SIGTERM');
    },
  };
}

function timing(report: OperationReport): string {
  // What took no time says nothing.
  const worth = report.steps.filter((step) => step.seconds >= 0.1);
  const steps = worth.map((step) => `${step.id} ${step.seconds.toFixed(1)}`).join('  ');
  return `${pc.bold(report.version.padEnd(4))} ${report.seconds.toFixed(1).padStart(6)} s   ${pc.dim(steps)}`;
}

/** Everything that makes the demo fail, worded. */
function findProblems(total: LoadTotal, commits: Record<string, string>, releases: OperationReport[]): string[] {
  const problems: string[] = [];
  if (total.failed > 0) problems.push(`${total.failed} requests failed: ${JSON.stringify(total.failures)}`);
  if (total.requests / total.seconds < 500) problems.push('fewer than 500 requests a second were sent');
  for (const [version, commit] of Object.entries(commits)) {
    const served = total.commits[version] ?? [];
    if (served.length !== 1 || served[0] !== commit)
      problems.push(`${version} served commit ${served.join(', ') || 'nothing'} instead of ${commit}`);
  }
  const unknown = Object.keys(total.commits).filter((version) => !(version in commits));
  if (unknown.length > 0) problems.push(`unknown versions served: ${unknown.join(', ')}`);
  const last = releases.at(-1);
  if (last?.version !== 'v2') problems.push(`the rollback ended on ${last?.version}`);
  return problems;
}

async function writeReport(facts: {
  total: LoadTotal;
  rate: number;
  commits: Record<string, string>;
  releases: OperationReport[];
  images: unknown;
  problems: string[];
}): Promise<void> {
  const { total, rate, commits, releases, images, problems } = facts;
  const report = {
    requests: total.requests,
    failed: total.failed,
    failures: total.failures,
    requestsPerSecond: rate,
    latencyMs: { p50: total.p50, p99: total.p99, max: total.max },
    versions: Object.entries(commits).map(([version, commit]) => ({
      version,
      commit,
      served: total.commits[version] ?? [],
    })),
    releases,
    images,
    problems,
  };
  await writeFile('demo-report.json', `${JSON.stringify(report, null, 2)}\n`);
  say('written: demo-report.json');
}

const [flag, url, rate] = process.argv.slice(2);
if (flag === '--load' && url) await runLoad(url, rate === undefined ? undefined : Number(rate));
else {
  leaveLostTerminals();
  surviveLostOutput([process.stdout, process.stderr]);
  process.exitCode = await main().catch((error: unknown) => {
    // The failed command has already said on stderr what went wrong.
    say(pc.red(`the demo stopped: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`));
    return error instanceof Interrupted ? error.exitCode : 1;
  });
}
