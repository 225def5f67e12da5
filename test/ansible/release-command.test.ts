import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ansible = new URL('../../ansible/', import.meta.url).pathname;
const run = promisify(execFile);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gp-command-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Result = Record<string, unknown>;

/** Plays tasks on this host with the plugin of the role; resolves with what each task has ended with. */
async function play(tasks: object[], argv: string[] = []): Promise<Result[]> {
  const file = join(folder, 'play.json');
  const results = join(folder, 'results.json');
  const registered = tasks.map((task, index) => ({ ...task, register: `result_${index}`, ignore_errors: true }));
  const names = tasks.map((_, index) => `result_${index}`).join(', ');
  const write = {
    'ansible.builtin.copy': { content: `{{ [${names}] | to_json }}`, dest: results },
    check_mode: false,
  };
  await writeFile(file, JSON.stringify([{ hosts: 'all', gather_facts: false, tasks: [...registered, write] }]));
  const env = {
    ANSIBLE_CONFIG: join(ansible, 'ansible.cfg'),
    ANSIBLE_ACTION_PLUGINS: join(ansible, 'roles/release/action_plugins'),
    ANSIBLE_LOCAL_TEMP: folder,
    ANSIBLE_REMOTE_TEMP: folder,
  };
  await run('ansible-playbook', ['-i', 'local,', '-c', 'local', ...argv, file], { env: { ...process.env, ...env } });
  return JSON.parse(await readFile(results, 'utf8')) as Result[];
}

/** Runs what the plugin sends to a host; `broken` says that it did not take all its input. */
async function runProgram(given: object, input: Buffer) {
  const plugin = await readFile(join(ansible, 'roles/release/action_plugins/release_command.py'), 'utf8');
  const [, program = ''] = /PROGRAM = '''\n(.*?)'''/s.exec(plugin) ?? [];
  const header = Buffer.from(JSON.stringify({ chdir: null, environment: {}, ...given }));
  const child = spawn('/usr/bin/python3', ['-I', '-S', '-c', program, String(header.length)]);
  let [broken, stdout] = [false, ''];
  child.stdin.on('error', () => {
    broken = true;
  });
  child.stdout.on('data', (part) => {
    stdout += part;
  });
  child.stdin.end(Buffer.concat([header, input]));
  const [status] = await once(child, 'close');
  return { status: status as number, broken, stdout };
}

describe('a program on the host', () => {
  it('runs like an Ansible module, with the same results', async () => {
    const large = join(folder, 'large');
    await writeFile(large, Buffer.alloc(3_000_000, 'a\n'));
    const same = [
      { argv: ['printf', '%s|', 'a b', '$(id)', "'", ''] },
      { argv: ['/bin/sh', '-c', 'cat; pwd; printf %s "$NUMBER$TEXT"'], stdin: 'lines\nwithout an end', chdir: '/usr' },
      { argv: ['/bin/sh', '-c', 'echo out; echo err >&2; exit 3'] },
      { argv: ['cat'], stdin: '' },
    ].map((args) => ({ args, environment: { NUMBER: 7, TEXT: 'größer\n' } }));
    const results = await play([
      ...same.map(({ args, environment }) => ({ release_command: args, environment })),
      ...same.map(({ args, environment }) => ({ 'ansible.builtin.command': args, environment })),
      { release_command: { script: 'wc -c; echo "$0"', stdin_file: large } },
      { release_command: { script: 'head -c 1', stdin_file: large } },
      // What the task is given is not what a list of processes shows.
      { release_command: { script: 'grep -l PIPELINE-[W]ORD /proc/[0-9]*/cmdline; true', stdin: 'PIPELINE-WORD' } },
    ]);
    const shown = ({ rc, stdout, stderr, changed, failed, msg }: Result) => ({
      ...{ rc, stdout, stderr, changed, failed },
      ...(failed ? { msg } : {}),
    });
    for (const [index] of same.entries()) {
      expect(shown(results[index] as Result)).toEqual(shown(results[index + same.length] as Result));
    }
    expect(results[1]).toMatchObject({ stdout: 'lines\nwithout an end\n/usr\n7größer' });
    expect(results[2]).toMatchObject({ rc: 3, stdout: 'out', stderr: 'err', failed: true });
    expect(results.slice(-3)).toMatchObject([{ stdout: '3000000\n/bin/sh' }, { stdout: 'a', rc: 0 }, { stdout: '' }]);
  }, 60_000);

  it('is skipped in check mode, unless it opts in', async () => {
    const mark = join(folder, 'mark');
    const results = await play(
      [
        { release_command: { argv: ['touch', mark] } },
        { release_command: { argv: ['echo', 'asked'] }, check_mode: false },
      ],
      ['--check'],
    );
    expect(results).toMatchObject([{ skipped: true, changed: false, rc: 0, stdout: '' }, { stdout: 'asked' }]);
    await expect(readFile(mark)).rejects.toThrow('ENOENT');
  }, 60_000);

  it('is refused with wrong arguments, and named when it or its input is missing', async () => {
    const results = await play([
      { release_command: { argv: ['id'], script: 'id' } },
      { release_command: {} },
      { release_command: { argv: ['id'], creates: '/x' } },
      { release_command: { argv: ['cat'], stdin: 'a', stdin_file: '/b' } },
      { release_command: { argv: ['no-such-program'] } },
      { release_command: { argv: ['cat'], stdin_file: join(folder, 'none.tar') } },
      { release_command: { argv: ['id'] }, vars: { ansible_python_interpreter: '/usr/bin/no-python' } },
      { release_command: { argv: 'npm ci' } },
      { release_command: { argv: [] } },
      { release_command: { argv: ['id'] }, environment: { 'A=B': 'c' } },
    ]);
    expect(results.map(({ failed }) => failed)).toEqual(Array(10).fill(true));
    expect(results.map(({ msg }) => msg)).toEqual([
      'release_command takes argv or script, and stdin or stdin_file',
      'release_command takes argv or script, and stdin or stdin_file',
      'release_command takes no creates',
      'release_command takes argv or script, and stdin or stdin_file',
      'non-zero return code',
      `cannot read ${join(folder, 'none.tar')}: No such file or directory`,
      'Python did not run on the host',
      "the program must be a list of itself and its arguments, not 'npm ci': [npm, ci]",
      'the program must be a list of itself and its arguments, not []: [npm, ci]',
      'non-zero return code',
    ]);
    expect(results[4]).toMatchObject({ rc: 127, stderr: 'no-such-program: No such file or directory' });
    expect(results[6]).toMatchObject({ rc: 127, stderr: expect.stringContaining('/usr/bin/no-python') });
    expect(results[9]).toMatchObject({ rc: 127, stderr: 'illegal environment variable name' });
  }, 60_000);

  it('runs with the Python that a module would run with, however the inventory sets it', async () => {
    const results = await play(
      ['auto', 'auto_silent', '{{ other }}', '/usr/bin/env python3'].map((python) => ({
        release_command: { argv: ['printf', '%s', 'ran'] },
        vars: { ansible_python_interpreter: python, other: '/usr/bin/python3' },
      })),
    );
    expect(results).toMatchObject(Array(4).fill({ rc: 0, stdout: 'ran' }));
  }, 60_000);

  it('is complete when it has exited, whatever it has left in the background', async () => {
    const [result] = await play([{ release_command: { script: 'sleep 300 & echo "$!"' } }]);
    // It is still there: the task has not waited for it.
    process.kill(Number(result?.stdout), 'SIGKILL');
    expect(result).toMatchObject({ rc: 0 });
  }, 60_000);

  it('receives words and variables in UTF-8, in every locale of the host', async () => {
    const results = await play([
      { release_command: { script: 'printf %s "$WORD"' }, environment: { WORD: 'größer ☃', LC_ALL: 'C' } },
      { release_command: { argv: ['printf', '%s', 'größer ☃'] }, environment: { LC_ALL: 'C' } },
    ]);
    expect(results).toMatchObject([{ stdout: 'größer ☃' }, { stdout: 'größer ☃' }]);
  }, 60_000);

  it('reports its own failure, not a broken connection, when it has read little of a large input', async () => {
    const { status, broken, stdout } = await runProgram(
      { argv: ['/bin/sh', '-c', 'echo "No space left on device" >&2; exit 2'] },
      Buffer.alloc(5_000_000, 'a'),
    );
    expect({ status, broken }).toEqual({ status: 0, broken: false });
    expect(JSON.parse(stdout)).toMatchObject({ rc: 2, stderr: 'No space left on device\n' });
  }, 60_000);
});
