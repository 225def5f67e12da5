import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const program = new URL('../../../ansible/host-programs/service_log.py', import.meta.url).pathname;

/** An object that the program prints. */
export interface Line {
  t?: number | null;
  s?: boolean;
  m?: string;
  cut?: number;
  from?: string;
  more?: boolean;
  note?: string;
  wrong?: string;
  live?: boolean;
}

type Query = { folders: string[] } & Record<string, unknown>;

/** What the program is asked for, besides `folders`; no limit where nothing is named. */
export function logWords(query: Query): string[] {
  const unlimited = { since: null, lines: null, bytes: null, within: null, grep: null, file: null, unit: null };
  const all = { app: 'no-such-app', secrets: join(query.folders[0] ?? '', 'values.json'), follow: false };
  return ['-I', program, JSON.stringify({ ...unlimited, ...all, ...query })];
}

/** Reads to the end, and gives all but what was read. Its input stays open meanwhile, as a connection's does. */
export async function readLog(query: Query, env = process.env): Promise<Line[]> {
  return (await readAll(query, env)).filter((line) => line.from === undefined);
}

/** The same, with what was read. */
export async function readAll(query: Query, env = process.env): Promise<Line[]> {
  const child = spawn('python3', logWords(query), { env });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  await once(child, 'close');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
}

/** Stand-ins for the programs of systemd: the journal of a unit is a few entries. Gives the environment that finds them.
 * @param begin A second before the first entry, in seconds since the epoch. */
export async function withSystemd(folder: string, output: string, begin = 1_803_902_400): Promise<NodeJS.ProcessEnv> {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  const put = async (name: string, body: string) => {
    await writeFile(join(bin, name), `#!/usr/bin/python3\nimport json, sys, time\n${body}`);
    await chmod(join(bin, name), 0o755);
  };
  await put('systemctl', `print('LoadState=loaded\\nStandardOutput=${output}')\n`);
  await put(
    'journalctl',
    `open(${JSON.stringify(join(folder, 'calls'))}, 'a').write(' '.join(sys.argv[1:]) + '\\n')
entries = [('${begin + 1}000000', 'one'), ('${begin + 2}000000', [255, 65]), ('${begin + 3}000000', 'two\\nlines')]
if '--follow' in sys.argv: entries = [('${begin + 4}000000', 'later')]
for number, (at, message) in enumerate(entries):
    print(json.dumps({'__CURSOR': 'c%d' % number, '__REALTIME_TIMESTAMP': at, 'MESSAGE': message}), flush=True)
if '--follow' in sys.argv: time.sleep(60)
`,
  );
  return { ...process.env, PATH: `${bin}:${process.env.PATH}` };
}
