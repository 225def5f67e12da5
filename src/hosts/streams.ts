import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { execa } from 'execa';
import { orAbort } from '../shared/or-abort.ts';
import { shellCommand } from './quote.ts';
import { sshMissing } from './ssh.ts';
import type { AttachOptions, Host, ProgramEnd, StreamOptions } from './types.ts';

/** What of ssh.ts is needed here. */
export interface Connections {
  /** Arguments of an ssh with a connection of its own, up to the command. */
  words(host: Host, ...extra: string[]): Promise<string[]>;
  /** Why ssh itself has failed; undefined when it was the program. */
  whyLost(
    host: Host,
    exitCode: number | undefined,
    said: { stdout: string; stderr: string },
  ): Promise<string | undefined>;
}

/** Longest line that is handed on in one piece, in characters. */
const longestLine = 1024 * 1024;
/** The end of the standard error that is kept, in characters. */
const keptErrors = 8192;

/** See {@link import('./types.ts').Hosts.stream}. */
export async function streamProgram(
  connections: Connections,
  host: Host,
  argv: string[],
  { onLine, input, signal }: StreamOptions,
): Promise<(ProgramEnd & { stderr: string }) | undefined> {
  const words = await wordsOf(connections, host, '-T', signal);
  if (words === undefined) return undefined;
  const child = execa('ssh', [...words, shellCommand(argv)], {
    reject: false,
    stdin: 'pipe',
    buffer: false,
    cancelSignal: signal,
    forceKillAfterDelay: 1000,
  });
  send(child.stdin, input);
  const stderr = keepEnd(child.stderr);
  let any = false;
  try {
    for await (const line of lines(child.stdout)) {
      any = true;
      await onLine(line);
    }
  } catch (error) {
    // Reading a stream that the signal has closed fails.
    if (!signal?.aborted) {
      child.kill();
      throw error;
    }
  }
  const result = await child;
  if (signal?.aborted) return undefined;
  return {
    ...(await endOf(connections, host, result, { stdout: any ? 'any' : '', stderr: stderr() })),
    stderr: stderr(),
  };
}

/** See {@link import('./types.ts').Hosts.attach}. */
export async function attachProgram(
  connections: Connections,
  host: Host,
  argv: string[],
  { terminal, input, signal }: AttachOptions,
): Promise<ProgramEnd | undefined> {
  const words = await wordsOf(connections, host, terminal ? '-t' : '-T', signal);
  if (words === undefined) return undefined;
  const command = argv.length > 0 ? [shellCommand(argv)] : [];
  const child = execa('ssh', [...words, ...command], {
    reject: false,
    stdin: terminal ? 'inherit' : 'pipe',
    stdout: 'inherit',
    stderr: terminal ? 'inherit' : ['inherit', 'pipe'],
    buffer: false,
    cancelSignal: signal,
    forceKillAfterDelay: 1000,
  });
  send(child.stdin, input);
  const stderr = keepEnd(child.stderr);
  const result = await child;
  if (signal?.aborted) return undefined;
  // What was printed on a terminal is not known here: only the log of the jump host or session tells.
  const stdout = terminal ? 'any' : '';
  return endOf(connections, host, result, { stdout, stderr: terminal ? 'shown' : stderr() || 'none' });
}

/** The pinned key may have to be read of the cloud first; undefined when the signal comes before that is done. */
async function wordsOf(connections: Connections, host: Host, extra: string, signal: AbortSignal | undefined) {
  if (!signal) return connections.words(host, extra);
  try {
    return await orAbort(connections.words(host, extra), signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

async function endOf(
  connections: Connections,
  host: Host,
  result: { exitCode?: number; code?: string; signal?: string },
  said: { stdout: string; stderr: string },
): Promise<ProgramEnd> {
  if (result.code === 'ENOENT') throw sshMissing();
  const why = await connections.whyLost(host, result.exitCode, said);
  if (why !== undefined) throw new PipelineError('ssh.unreachable', `no SSH to ${host.instanceId}: ${why}`);
  if (result.exitCode !== undefined) return { exitCode: result.exitCode };
  throw new PipelineError('ssh.unreachable', `ssh to ${host.instanceId} was ended by ${result.signal ?? 'a signal'}`);
}

/** The program may end before it has read all of it. */
function send(stdin: Writable | null, input: string | undefined): void {
  stdin?.on('error', () => undefined);
  if (input !== undefined) stdin?.write(input);
}

function keepEnd(stream: Readable | null): () => string {
  let kept = '';
  stream?.on('data', (chunk: Buffer) => {
    kept = `${kept}${chunk.toString()}`.slice(-keptErrors);
  });
  return () => kept;
}

/** The lines of a stream. One that is never ended is handed on in parts, so that memory stays bounded. */
export async function* lines(stream: AsyncIterable<Buffer | string>, longest = longestLine): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of stream) {
    const parts = (rest + (typeof chunk === 'string' ? chunk : decoder.write(chunk))).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
    for (; rest.length > longest; rest = rest.slice(longest)) yield rest.slice(0, longest);
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}
