import { execFile } from 'node:child_process';
import { copyFile, lstat, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const exec = promisify(execFile);
const files = new URL('../../ansible/roles/release/files/', import.meta.url).pathname;
const python = '/usr/bin/python3';

let dir: string;
let folder: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'gp-host-values-'));
  folder = path.join(dir, 'releases/v1');
  await mkdir(folder, { recursive: true });
  await mkdir(path.join(dir, 'run'));
  const wanted = { run: path.join(dir, 'run'), spread: 0, references: { STRIPE_KEY: 'ssm:/shop/key' } };
  await writeFile(path.join(folder, '.release-secrets.json'), JSON.stringify(wanted));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** As the program writes it. */
const hold = (values: unknown) =>
  writeFile(
    path.join(dir, 'run/values.json'),
    JSON.stringify(values).replace(/[^ -~]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
const words = (env: Record<string, string> = {}) => ({
  env: { PATH: process.env.PATH ?? '', PYTHONDONTWRITEBYTECODE: '1', ...env },
  cwd: folder,
});
/** What Python prints as JSON that has the program as the module `host_secrets`. */
const ask = async (code: string[], env?: Record<string, string>): Promise<unknown> => {
  const script = ['import sys, json', `sys.path.insert(0, ${JSON.stringify(files)})`, ...code].join('\n');
  return JSON.parse((await exec(python, ['-c', script], { ...words(env), cwd: dir })).stdout);
};
const show = [python, '-c', 'import os, sys; sys.stdout.buffer.write(os.environb[b"STRIPE_KEY"])'];

describe('a service with secrets', () => {
  it("starts although its folder and its environment contain modules with names of Python's own", async () => {
    await copyFile(path.join(files, 'host_secrets.py'), path.join(folder, '.release-secrets.py'));
    for (const name of ['random', 'subprocess', 'json'])
      await writeFile(path.join(folder, `${name}.py`), 'raise SystemExit("a module of the app")');
    await hold({ 'ssm:/shop/key': 'sk_live_1' });
    const command = (await ask([
      'import serve',
      `print(json.dumps(serve.with_secrets(${JSON.stringify(folder)}, ["/bin/sh", "-c", "echo $STRIPE_KEY"])))`,
    ])) as [string, ...string[]];
    const ran = await exec(command[0], command.slice(1), words({ PYTHONPATH: folder, PYTHONHOME: '/nowhere' }));
    expect(ran.stdout).toBe('sk_live_1\n');
  });

  it('starts the same way under every init system', async () => {
    for (const file of ['templates/runit-run.j2', 'templates/unit.service.j2', 'tasks/secrets.yml'])
      expect(await readFile(path.join(files, '..', file), 'utf8'), file).toMatch(
        /python3 -I (\.release-secrets\.py|"\$program") /,
      );
  });

  it.each([
    ['of several lines, with $HOME, "quotes" and a - in front', '-a\n$HOME "b" \'c\'\n'],
    ['in any script, in an ASCII locale', 'p\u00e4ssw\u00f6rd \u5bc6\u7801 \u{1f511}'],
    ['of 64 KiB', 'x'.repeat(65_536)],
    ['that is empty', ''],
  ])('receives a value %s unchanged', async (_what, value) => {
    await hold({ 'ssm:/shop/key': value });
    const argv = ['-I', path.join(files, 'host_secrets.py'), 'run', folder, '--', ...show];
    const locales: Record<string, string>[] = [
      { LC_ALL: 'C', PYTHONCOERCECLOCALE: '0' },
      { LC_ALL: 'C', PYTHONUTF8: '0', PYTHONCOERCECLOCALE: '0' },
    ];
    for (const env of locales) expect((await exec(python, argv.slice(1), words(env))).stdout).toBe(value);
    expect((await exec(python, argv, words())).stdout).toBe(value);
  });

  it('reports that its command does not exist', async () => {
    await hold({ 'ssm:/shop/key': 'sk_live_1' });
    const argv = ['-I', path.join(files, 'host_secrets.py'), 'run', folder, '--', '/srv/none'];
    const failed = await exec(python, argv, words()).catch((error) => error);
    expect(failed.stderr).toBe('secrets: /srv/none cannot be started: No such file or directory\n');
  });
});

describe('the answer of a secret store', () => {
  it.each([
    ['a NUL byte', '{"key": "a\\u0000b"}', /NUL byte/],
    ['half of a pair', '{"key": "a\\ud800b"}', /not a character/],
    ['null', '{"key": null}', /null for this key/],
    ['another key', '{"Key": "a"}', /not a JSON object with this key/],
    ['a list', '["key"]', /not a JSON object with this key/],
    ['text other than JSON', 'key=a', /not a JSON object with this key/],
  ])('that is %s is refused with the reason and without the value', async (_what, text, reason) => {
    const answer = await ask([
      'import host_secrets as h',
      'class Store:',
      `  def get_secret_value(self, SecretId): return {"SecretString": ${JSON.stringify(text)}}`,
      'class Cloud:',
      '  def client(self, *_): return Store()',
      'h.Cloud = Cloud',
      'try: print(json.dumps(h.ask_cloud({"references": {"A": "secretsmanager:s#key"}}, {"secretsmanager:s#key"})))',
      'except h.Unreadable as error: print(json.dumps(str(error)))',
    ]);
    expect(answer).toMatch(reason);
    expect(answer).toMatch(/^A \(Secrets Manager s, key key\) /);
  });

  it.each([
    ['missing', ['raise ImportError()'], /^botocore is not on this host: install the package python3-boto3/],
    [
      'too old',
      ['__version__ = "1.20.0"'],
      /^botocore 1\.20\.0 on this host is too old .*: install a newer python3-boto3/,
    ],
  ])('is not requested where botocore is %s, which is reported', async (_what, lines, message) => {
    const library = path.join(dir, 'library/botocore');
    await mkdir(library, { recursive: true });
    await writeFile(path.join(library, '__init__.py'), lines.join('\n'));
    for (const name of ['config', 'credentials', 'session', 'utils'])
      await writeFile(path.join(library, `${name}.py`), '');
    const answer = await ask([
      `sys.path.insert(0, ${JSON.stringify(path.dirname(library))})`,
      'import host_secrets as h',
      'try: h.Cloud()',
      'except h.Unreadable as error: print(json.dumps(str(error)))',
    ]);
    expect(answer).toMatch(message);
  });

  /** The problems of two parameters that are requested in one call. */
  const problemsOf = (code: string, message: string) =>
    ask([
      'import host_secrets as h',
      'class Refused(Exception):',
      `  response = {"Error": {"Code": ${JSON.stringify(code)}, "Message": ${JSON.stringify(message)}}}`,
      'class Store:',
      '  def get_parameters(self, **_): raise Refused()',
      'problems = {}',
      'h.read_parameters(Store(), ["ssm:/shop/key", "ssm:/shop/key2"], {}, problems)',
      'print(json.dumps(problems))',
    ]);

  it('names the parameter that cannot be read, and not the others of the same request', async () => {
    const user = 'User: arn:aws:sts::1:assumed-role/shop/i-1 is not authorized to perform:';
    expect(
      await problemsOf(
        'AccessDeniedException',
        `${user} ssm:GetParameters on resource: arn:aws:ssm:eu-west-1:1:parameter/shop/key because no policy allows it`,
      ),
    ).toEqual({
      'ssm:/shop/key': 'may not be read by the role of this instance (AccessDeniedException)',
      'ssm:/shop/key2': 'was requested together with Parameter Store /shop/key',
    });
  });

  it('names the encryption key when the key denies access', async () => {
    const message =
      'User: arn:aws:sts::1:assumed-role/shop/i-1 is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-west-1:1:key/1';
    const problems = Object.values((await problemsOf('AccessDeniedException', message)) as object);
    expect(problems).toHaveLength(2);
    for (const problem of problems) expect(problem).toMatch(/may not be decrypted .* KMS key/);
  });
});

describe('the secrets folder in memory, owned by the user of the service', () => {
  it('cannot lead root to another file', async () => {
    const foreign = path.join(dir, 'foreign.json');
    await writeFile(foreign, '{"ssm:/shop/key": "of another service"}');
    for (const name of ['lock', 'values.json', 'before-run.json']) await symlink(foreign, path.join(dir, 'run', name));
    const answer = await ask([
      'import host_secrets as h',
      'h.ask_cloud = lambda wanted, references: {one: "fresh" for one in references}',
      'given = []',
      'h.give = lambda wanted, file: given.append(h.os.readlink("/proc/self/fd/%d" % file))',
      `h.fetch(${JSON.stringify(folder)})`,
      `h.restore(${JSON.stringify(folder)}, "run")`,
      'print(json.dumps(given))',
    ]);
    expect((answer as string[]).filter((one) => one.startsWith(foreign))).toEqual([]);
    expect(await readFile(foreign, 'utf8')).toContain('of another service');
    expect((await lstat(path.join(dir, 'run/values.json'))).isFile()).toBe(true);
    expect(await readFile(path.join(dir, 'run/values.json'), 'utf8')).not.toContain('of another service');
  });
});
