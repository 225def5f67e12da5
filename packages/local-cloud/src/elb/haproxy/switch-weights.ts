import type { Rendered } from './config.ts';
import type { HaproxyFiles } from './files.ts';
import type { Supervisor } from './supervisor.ts';

/**
 * Switches to the weights of a rendering without a reload, in old workers too. Each changed map becomes the next version of itself in one
 * step, so every request sees the old split or the new one.
 * @throws Error when HAProxy does not know a map, or refuses an entry
 */
export async function switchWeights(
  supervisor: Pick<Supervisor, 'ask' | 'askOld' | 'oldWorkers'>,
  files: Pick<HaproxyFiles, 'write'>,
  next: Rendered,
  before: Rendered,
): Promise<void> {
  for (const [file, lines] of Object.entries(next.maps)) {
    if (before.maps[file]?.join() === lines.join()) continue;
    files.write(file, `${lines.join('\n')}\n`);
    const key = (line: string): string => `add map @%v ${file} ${line}`;
    const commands = (version: string): string[] =>
      [...lines.map(key), `commit map @%v ${file}`].map((command) => command.replace('%v', version));
    const version = await supervisor.ask(`prepare map ${file}`).then(versionOf);
    if (!version) throw new Error(`HAProxy has no map ${file}`);
    const answer = await supervisor.ask(commands(version).join('; '));
    if (answer.trim()) throw new Error(`HAProxy refused the weights: ${answer.trim()}`);
    for (const pid of supervisor.oldWorkers) {
      const old = versionOf(await supervisor.askOld(pid, `prepare map ${file}`).catch(() => ''));
      if (old) for (const command of commands(old)) await supervisor.askOld(pid, command).catch(() => '');
    }
  }
}

const versionOf = (answer: string): string | undefined => /New version created: (\d+)/.exec(answer)?.[1];
