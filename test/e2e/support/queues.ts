import { execa } from 'execa';
import { claimAddressBlock } from 'golden-pipeline-local-cloud/machines';

/** Whether this host has Redis. */
export const redisThere = (await execa('redis-server', ['--version'], { reject: false })).exitCode === 0;

/** A Redis of one test file. */
export interface Queues {
  url: string;
  /** Runs a command of its client. */
  send(...words: string[]): Promise<unknown>;
  close(): Promise<void>;
}

/** Starts a Redis at an address of its own, so that nobody else can have its port. */
export async function startQueues(): Promise<Queues> {
  const block = await claimAddressBlock();
  const address = `127.${block.block}.1.1`;
  const options = ['--port', '6379', '--bind', address, '--save', ''];
  const server = execa('redis-server', options, { reject: false });
  return {
    url: `redis://${address}:6379`,
    send: (...words) => execa('redis-cli', ['-h', address, ...words]),
    async close() {
      server.kill();
      await server;
      await block.close();
    },
  };
}
