import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { type Benchmark, type Figure, median } from '@golden-pipeline/shared/testing/figures';
import autocannon from 'autocannon';
import { BenchCloud } from './support/bench-cloud.ts';

const connections = 10;
const secondsPerRound = 1;
const rounds = 5;

/** DescribeInstances answered in a second, against Node's own server with an answer of the same size. */
export const localAnswers: Benchmark = {
  name: 'local cloud answers',
  async run() {
    const cloud = await BenchCloud.start('simulated');
    try {
      const figures: Figure[] = [];
      let fleet = await cloud.fleet(10);
      await cloud.allHealthy(fleet.targets, 10);
      figures.push(...(await measure(cloud, '10 instances', {})));
      fleet = await cloud.fleet(990);
      await cloud.allHealthy(fleet.targets, 990);
      figures.push(...(await measure(cloud, '1,000 instances, a page of 100', { MaxResults: 100 })));
      figures.push(...(await measure(cloud, '1,000 instances, one page', { MaxResults: 1000 })));
      return figures;
    } finally {
      await cloud.close();
    }
  },
};

/** A request that was signed once, as clients send it. */
interface Request {
  url: string;
  method: 'POST' | 'GET';
  headers: Record<string, string>;
  body?: string;
}

async function measure(cloud: BenchCloud, what: string, input: { MaxResults?: number }): Promise<Figure[]> {
  const request = await signed(cloud, input);
  const answer = await fetch(request.url, request);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`DescribeInstances was answered ${answer.status}: ${text}`);
  const bare = spawn(process.execPath, ['--input-type=module', '-e', bareServer, String(text.length)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [port] = (await once(bare.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    const bareRequest = { ...request, url: `http://127.0.0.1:${port.toString().trim()}/` };
    // The first round warms both up.
    await load(request);
    await load(bareRequest);
    const pairs: { ours: number; bare: number }[] = [];
    for (let round = 0; round < rounds; round++)
      pairs.push({ ours: await load(request), bare: await load(bareRequest) });
    const ours = median(pairs.map((pair) => pair.ours));
    const ratio = median(pairs.map((pair) => pair.bare / pair.ours));
    return [
      { figure: `DescribeInstances, ${what}`, value: ours, unit: 'answers/s' },
      { figure: `DescribeInstances, ${what}: Node's bare server is quicker by`, value: ratio, unit: 'x' },
    ];
  } finally {
    await end(bare);
  }
}

const bareServer = `
import { createServer } from 'node:http';
const text = 'x'.repeat(Number(process.argv[1]));
const server = createServer((request, response) => request.resume().on('end', () => response.end(text)));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;

/** What the SDK's client sends; the signature holds for five minutes. */
async function signed(cloud: BenchCloud, input: { MaxResults?: number }): Promise<Request> {
  let sent: unknown;
  const client = cloud.ec2;
  const name = 'benchCatch';
  client.middlewareStack.add(
    (next) => (args) => {
      sent = args.request;
      return next(args);
    },
    // Behind the signature.
    { step: 'deserialize', priority: 'low', name },
  );
  await client.send(new DescribeInstancesCommand(input));
  client.middlewareStack.remove(name);
  const { method, path, headers: all, body } = sent as { path: string } & Omit<Request, 'url'>;
  // Both loaders write these two themselves.
  const { 'content-length': _length, host: _host, ...headers } = all;
  return { url: `${cloud.place.endpoint}${path}`, method, headers, body };
}

async function load(request: Request): Promise<number> {
  const result = await autocannon({ ...request, connections, duration: secondsPerRound });
  if (result.non2xx || result.errors) throw new Error(`${result.non2xx + result.errors} requests failed under load`);
  return result.requests.total / result.duration;
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}
