import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runCli } from '../../src/cli/main.ts';
import { loadFleet } from '../../src/config/load.ts';
import { fakeContext } from '../cli/support/fake-context.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gp-extend-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function pipeline(...argv: string[]) {
  const context = fakeContext(argv, { cwd: folder });
  return { code: await runCli(context), out: context.stdout.text, err: context.stderr.text };
}

const file = () => join(folder, 'pipelines/shop.ts');
const local = ['init', 'shop', '--env', 'local', '--yes', '--port', '3000'];
const staging = ['init', 'shop', '--env', 'staging', '--region', 'eu-west-1'];

it('init proposes what the files of the app say, and its local environment is quick', async () => {
  writeFileSync(join(folder, 'package.json'), '{"scripts": {"start": "node app.js", "migrate": "node migrate.js"}}');
  writeFileSync(join(folder, 'app.js'), "get('/up'); listen(process.env.PORT || 4567, process.env.HOST)");
  mkdirSync(join(folder, 'node_modules'));
  expect(await pipeline('init', 'shop', '--env', 'local')).toMatchObject({
    code: 0,
    err: 'found: package.json (npm)\n',
  });
  expect(await loadFleet({ projectDir: folder, app: 'shop' })).toMatchObject({
    service: { port: 4567, healthPath: '/up' },
    balancer: { healthCheck: { intervalSeconds: 1 } },
    release: { verifySeconds: 30, watch: { baselineSeconds: 4 } },
  });
  expect(readFileSync(file(), 'utf8')).toContain(
    "// migrate: { command: ['npm', 'run', 'migrate'], when: 'before-roll', timeoutSeconds: 1800 },",
  );
  const role = readFileSync(join(folder, 'ansible/roles/shop/defaults/main.yml'), 'utf8');
  expect(role).toContain('shop_command: [node, app.js]\n');
  expect(role).toContain('shop_install: [npm, install, --omit=dev, --no-audit, --no-fund]\n');
  expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('node_modules/\n.pipeline/\n.env\n');
});

it('init takes the commands of its options', async () => {
  const commands = ['--start', 'bin/serve --host "$HOST"', '--build', '-', '--technology', 'ruby'];
  expect(await pipeline(...local, ...commands)).toMatchObject({ code: 0 });
  const role = readFileSync(join(folder, 'ansible/roles/shop/defaults/main.yml'), 'utf8');
  expect(role).toContain(`shop_command: [sh, -c, 'exec bin/serve --host "$HOST"']\n`);
  expect(role).toContain('shop_install: []\n');
  expect(readFileSync(join(folder, 'ansible/shop.yml'), 'utf8')).toContain('    - ruby\n    - shop\n');
});

it('init adds an environment to the file of an app, which config check accepts', async () => {
  await pipeline(...local);
  const before = readFileSync(file(), 'utf8');
  const own = before.replace('// Known-good', '// Ours: known-good');
  writeFileSync(file(), own);
  const added = await pipeline(...staging);
  expect(added).toMatchObject({ code: 0, err: '' });
  expect(added.out).toContain('written  pipelines/shop.ts\n');
  expect(readFileSync(file(), 'utf8').startsWith(own.slice(0, own.lastIndexOf('  },')))).toBe(true);
  expect((await pipeline('config', 'check')).out).toBe('ok  shop: local, staging\n');
  expect(readdirSync(join(folder, 'pipelines'))).toEqual(['shop.ts']);
});

it('init refuses an environment that the file has, and names the options', async () => {
  await pipeline(...local);
  expect(await pipeline(...local)).toMatchObject({
    code: 2,
    err: 'error: pipelines/shop.ts is there already, with the environment local\nfix: to add another environment, name it with --env; to overwrite the file: --force\n',
  });
});

it('init leaves a file of another shape as it is, and prints the lines to paste', async () => {
  mkdirSync(join(folder, 'pipelines'));
  const text = `import { definePipeline } from 'golden-pipeline';
const environments = () => ({ local: { cloud: 'local' as const } });
export default definePipeline({ app: 'shop', source: { repository: '.', path: '.' }, ansible: { playbook: 'a.yml' }, service: { port: 1, healthPath: '/' }, environments: environments() });
`;
  writeFileSync(file(), text);
  const refused = await pipeline(...staging);
  expect(refused.code).toBe(2);
  expect(refused.err).toContain('fix: add these lines to its environments\n');
  expect(refused.err).toContain("region: 'eu-west-1',");
  expect(readFileSync(file(), 'utf8')).toBe(text);
});

it('init without a terminal names every option that is missing', async () => {
  const refused = await pipeline('init', 'shop');
  expect(refused).toMatchObject({ code: 2, out: '' });
  expect(refused.err).toContain('fix: there is no terminal to ask on; answer it with --region and --port\n');
  expect(existsSync(join(folder, 'pipelines'))).toBe(false);
});

it('init without a name and a terminal names the argument, and writes nothing', async () => {
  const refused = await pipeline('init');
  expect(refused).toMatchObject({ code: 2, out: '' });
  expect(refused.err).toMatch(/^error: the app has no name\nfix: name it: pipeline init gp-extend-/);
  expect(existsSync(join(folder, 'pipelines'))).toBe(false);
});
