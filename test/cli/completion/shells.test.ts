import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../../../src/cli/main.ts';
import { fakeContext } from '../support/fake-context.ts';

const root = resolve(import.meta.dirname, '../../..');
const installed = (shell: string) => spawnSync(shell, ['-c', 'exit 0']).status === 0;
const title = (shell: string) => (installed(shell) ? '' : ` (left out: ${shell} is not installed)`);

let folder = '';
/** A `pipeline` of the present sources, first in PATH, in a project with an app that would end the process if it was loaded. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gp-complete-'));
  await build({
    entryPoints: [join(root, 'src/cli/main.ts')],
    outdir: join(folder, 'dist'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    external: ['jiti'],
    banner: { js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);" },
    logLevel: 'silent',
  });
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'pipelines'));
  writeFileSync(join(folder, 'pipelines/api.ts'), 'process.exit(9);\n');
  writeFileSync(join(folder, 'pipelines/worker.ts'), 'process.exit(9);\n');
  const bin = join(folder, 'bin/pipeline');
  writeFileSync(bin, `#!/bin/sh\nexec '${process.execPath}' '${join(folder, 'bin/start.mjs')}' "$@"\n`);
  writeFileSync(join(folder, 'bin/start.mjs'), "import { main } from '../dist/main.mjs';\nawait main();\n");
  chmodSync(bin, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a shell prints that runs `code` in the project. */
const say = (shell: string, args: string[]) => execFileSync(shell, args, { cwd: folder, env: env(), encoding: 'utf8' });

const env = () => ({ ...process.env, PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}` });

/** What bash would offer: its own word breaks and the script as it is printed. */
function bash(words: string[]): string[] {
  const code = `source <(pipeline completion bash)
spec=$(complete -p pipeline)
[[ $spec == *'-F _pipeline_completion'* ]] || exit 7
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_pipeline_completion pipeline "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = say('bash', ['--norc', '-c', code, 'bash', ...words]);
  return out.split('\n').filter(Boolean);
}

test('bash fills COMPREPLY with commands, apps, options and choices, without loading a pipelines file', () => {
  expect(bash(['pipeline', 'fast'])).toEqual(['fast-rollback']);
  expect(bash(['pipeline', 'release', ''])).toEqual(['api', 'worker']);
  expect(bash(['pipeline', 'release', 'api', '--strategy', ''])).toEqual(['rolling', 'blue-green']);
  expect(bash(['pipeline', 'release', 'api', '--strategy', '=', 'b'])).toEqual(['blue-green']);
  expect(bash(['pipeline', 'release', '$(touch pwned)', '--dry'])).toEqual(['--dry-run']);
  expect(bash(['pipeline', 'status', '--project', ''])).toEqual([]);
});

test.skipIf(!installed('zsh'))(`zsh loads the script and offers the same${title('zsh')}`, () => {
  const code = `compdef() { registered="$*" }; _describe() { print -l -- "\${(@P)2}" }
source <(pipeline completion zsh); print -- "$registered"
words=(pipeline release ''); CURRENT=3; _pipeline`;
  const out = say('zsh', ['-f', '-c', code]);
  expect(out.split('\n').slice(0, 3)).toEqual(['_pipeline pipeline', 'api:app', 'worker:app']);
});

test.skipIf(!installed('fish'))(`fish offers the same as bash${title('fish')}`, () => {
  const code = "pipeline completion fish | source; complete -C 'pipeline release '";
  const out = say('fish', ['--no-config', '-c', code]);
  expect(out.split('\n').filter(Boolean)).toEqual(['api\tapp', 'worker\tapp']);
});

test('environments and tasks are completed from the pipelines files of the repository', async () => {
  const complete = async (...words: string[]) => {
    const context = fakeContext(['complete', '--', ...words], { cwd: root });
    expect(await runCli(context)).toBe(0);
    return context.stdout.text
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split('\t')[0]);
  };
  expect(await complete('status', 'api', '--env', 'pro')).toEqual(['production']);
  expect(await complete('heracles', 'stop')).toEqual(['stop-consuming-messages']);
  expect(await complete('status', 'sg', '--env', '')).toEqual(['local', 'production']);
});

test('completion prints no error for a broken pipelines file or outside of a project', async () => {
  const outside = fakeContext(['complete', '--', 'release', ''], { cwd: '/' });
  expect(await runCli(outside)).toBe(0);
  expect(outside.stdout.text + outside.stderr.text).toBe('');
  const project = mkdtempSync(join(tmpdir(), 'gp-broken-'));
  mkdirSync(join(project, 'pipelines'));
  writeFileSync(join(project, 'pipelines/api.ts'), 'throw new Error("broken");\n');
  const broken = fakeContext(['complete', '--', 'status', 'api', '--env', ''], { cwd: project });
  expect(await runCli(broken)).toBe(0);
  expect(broken.stdout.text + broken.stderr.text).toBe('');
  rmSync(project, { recursive: true });
});

test('neither the completion command nor what pipelines files import loads the SDK', async () => {
  for (const entry of ['src/cli/commands/complete.ts', 'src/index.ts']) {
    const { metafile } = await build({
      entryPoints: [join(root, entry)],
      absWorkingDir: root,
      outdir: 'unused',
      write: false,
      metafile: true,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      external: ['jiti'],
      logLevel: 'silent',
    });
    const seen = new Set<string>();
    const sources = new Set<string>();
    const follow = (output: string) => {
      if (seen.has(output)) return;
      seen.add(output);
      const { inputs = {}, imports = [] } = metafile.outputs[output] ?? {};
      for (const input of Object.keys(inputs)) sources.add(input);
      for (const { kind, path } of imports) if (kind === 'import-statement') follow(path);
    };
    follow(Object.keys(metafile.outputs).find((output) => metafile.outputs[output]?.entryPoint === entry) ?? '');
    expect(sources.has(entry)).toBe(true);
    expect([...sources].filter((path) => path.includes('@aws-sdk'))).toEqual([]);
  }
});

test('an unknown shell exits with 2 and lists the known ones', async () => {
  const context = fakeContext(['completion', 'tcsh']);
  expect(await runCli(context)).toBe(2);
  expect(context.stderr.text).toBe('error: there is no completion for "tcsh"\nfix: one of bash, zsh, fish\n');
});
