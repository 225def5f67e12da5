import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Hosts } from '../../src/hosts/types.ts';

/** Hosts whose programs run on this computer, and the commands that they got. */
export function localStream(env = process.env): { hosts: Pick<Hosts, 'stream'>; commands: string[][] } {
  const commands: string[][] = [];
  return {
    commands,
    hosts: {
      async stream(_host, argv, { input = '', onLine, signal }) {
        commands.push(argv);
        const [program = '', ...words] = argv;
        const child = spawn(program, words, { env });
        const exited = once(child, 'close');
        let stderr = '';
        child.stderr.on('data', (data) => {
          stderr += data;
        });
        signal?.addEventListener('abort', () => child.kill());
        child.stdin.write(input);
        for await (const line of createInterface({ input: child.stdout })) await onLine(line);
        const [exitCode] = await exited;
        return signal?.aborted ? undefined : { exitCode, stderr };
      },
    },
  };
}
