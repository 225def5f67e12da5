import type { AppFiles } from './app-files.ts';
import { packagesOf } from './node-programs.ts';
import { listenNotes, readClues } from './source-clues.ts';
import type { Stack } from './stack.ts';

/** What is read of a package.json; anything may stand in it. */
interface Manifest {
  main?: unknown;
  packageManager?: unknown;
  scripts?: Record<string, unknown>;
  dependencies?: Record<string, unknown>;
  devDependencies?: Record<string, unknown>;
}

/** How each framework starts what its build has made. All of them listen on HOST and PORT, or get them as options. */
const frameworks: readonly { package: string; name: string; start?: string; folder?: string }[] = [
  { package: 'next', name: 'Next.js', start: 'node_modules/.bin/next start --hostname "$HOST" --port "$PORT"' },
  { package: 'nuxt', name: 'Nuxt', start: 'node .output/server/index.mjs' },
  { package: '@sveltejs/adapter-node', name: 'SvelteKit', start: 'node build' },
  { package: '@nestjs/core', name: 'NestJS', start: 'node dist/main.js' },
  { package: 'astro', name: 'Astro', folder: 'dist' },
  { package: 'express', name: 'Express' },
  { package: 'fastify', name: 'Fastify' },
  { package: 'koa', name: 'Koa' },
  { package: 'hono', name: 'Hono' },
  // Alone, it makes a site of files.
  { package: 'vite', name: 'Vite', folder: 'dist' },
];

/** Never another version from the registry against a database: what is not installed fails. */
const npx = ['npx', '--no-install'];
/** Commands that migrate the database, by the package that brings them. */
const migrations: readonly [name: string, command: string[]][] = [
  ['prisma', [...npx, 'prisma', 'migrate', 'deploy']],
  ['knex', [...npx, 'knex', 'migrate:latest']],
  ['sequelize-cli', [...npx, 'sequelize-cli', 'db:migrate']],
];

/** An app with a package.json, or a site that its build makes; undefined for another one, or when nothing in it can be started. */
export async function detectNode(files: AppFiles): Promise<Stack | undefined> {
  if (!(await files.has('package.json'))) return undefined;
  const manifest = parse(await files.read('package.json'));
  const scripts = manifest.scripts ?? {};
  const packages = { ...manifest.dependencies, ...manifest.devDependencies };
  const has = (name: string) => Object.hasOwn(packages, name);
  const framework = frameworks.find((one) => has(one.package));
  const manager = await managerOf(files, manifest);
  const builds = typeof scripts.build === 'string';
  const seen = `package.json (${[framework?.name, manager.name].filter(Boolean).join(', ')})`;
  const script = startOf(scripts.start);
  const start = framework?.start ?? script ?? (await mainOf(files, manifest));
  const build = builds ? `${manager.all} && ${manager.run} build${manager.prune}` : manager.production;
  if (framework?.folder !== undefined && script === undefined) {
    const { staticStart } = await import('./static.ts');
    return {
      technology: 'static',
      seen,
      start: staticStart(framework.folder),
      build,
      port: 8080,
      healthPath: '/',
      notes: [],
    };
  }
  // A package.json may be there for tools only, such as this one.
  if (start === undefined) return undefined;
  const clues = await readClues(files, /\.(m?[jt]sx?|cjs)$/);
  const omitsDevelopment = builds ? manager.prune !== '' : manager.production !== manager.all;
  const migration = migrationOf(manifest, omitsDevelopment);
  return {
    technology: 'node',
    seen,
    start,
    build,
    port: clues.port ?? 3000,
    ...((clues.healthPath ?? framework?.start) && { healthPath: clues.healthPath ?? '/' }),
    environment: { NODE_ENV: 'production' },
    ...(migration.command && { migrate: migration.command }),
    notes: [...(framework?.start === undefined ? listenNotes(clues) : []), ...migration.notes],
  };
}

/** How the database is migrated, by what the installed release still has: its build may omit the development dependencies. */
function migrationOf(
  { scripts = {}, dependencies = {}, devDependencies = {} }: Manifest,
  omitsDevelopment: boolean,
): { command?: string[]; notes: string[] } {
  const installed = (name: string) => Object.hasOwn(dependencies, name);
  const lost = (name: string) => omitsDevelopment && Object.hasOwn(devDependencies, name) && !installed(name);
  const { migrate } = scripts;
  if (typeof migrate === 'string') {
    const missing = packagesOf('migrate', scripts).find(lost);
    return missing === undefined
      ? { command: ['npm', 'run', 'migrate'], notes: [] }
      : { notes: [moveNote(missing, 'npm run migrate')] };
  }
  const known = migrations.filter(([name]) => installed(name) || Object.hasOwn(devDependencies, name));
  const [usable] = known.filter(([name]) => !lost(name));
  if (usable) return { command: usable[1], notes: [] };
  return { notes: known.slice(0, 1).map(([name, command]) => moveNote(name, command.join(' '))) };
}

const moveNote = (name: string, command: string): string =>
  `move ${name} from devDependencies to dependencies before release.migrate runs \`${command}\`: the build omits development dependencies`;

function parse(text: string): Manifest {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Manifest) : {};
  } catch {
    return {};
  }
}

/** Package managers other than npm are run by npx, since hosts have Node and npm only. */
async function managerOf(files: AppFiles, { packageManager }: Manifest) {
  const [, named, version] = /^(npm|pnpm|yarn)@(\d[\w.-]*)/.exec(String(packageManager ?? '')) ?? [];
  const lock = await files.first(['pnpm-lock.yaml', 'yarn.lock', 'package-lock.json', 'npm-shrinkwrap.json']);
  const name = named ?? (lock?.startsWith('pnpm') ? 'pnpm' : lock?.startsWith('yarn') ? 'yarn' : 'npm');
  const quiet = '--no-audit --no-fund';
  if (name === 'pnpm') {
    const pnpm = `npx --yes pnpm@${version ?? 'latest'}`;
    const install = `${pnpm} install --frozen-lockfile`;
    return {
      name,
      all: install,
      production: `${install} --prod`,
      run: `${pnpm} run`,
      prune: ` && ${pnpm} prune --prod`,
    };
  }
  if (name === 'yarn') {
    const classic = version === undefined || version.startsWith('1.');
    const yarn = `npx --yes ${classic ? `yarn@${version ?? '1'}` : `@yarnpkg/cli-dist@${version}`}`;
    const install = `${yarn} install ${classic ? '--frozen-lockfile' : '--immutable'}`;
    return {
      name,
      all: install,
      production: classic ? `${install} --production` : install,
      run: `${yarn} run`,
      prune: '',
    };
  }
  const install = lock === undefined ? 'npm install' : 'npm ci';
  return {
    name,
    all: `${install} --include=dev ${quiet}`,
    production: `${install} --omit=dev ${quiet}`,
    run: 'npm run',
    prune: ' && npm prune --omit=dev',
  };
}

/** The start script without npm around it, which would not pass signals on; one that needs a shell or other scripts as it is. */
function startOf(script: unknown): string | undefined {
  if (typeof script !== 'string' || script.trim() === '') return undefined;
  return /^node( [\w@%+=:,./-]+)+$/.test(script.trim()) ? script.trim() : 'npm start';
}

async function mainOf(files: AppFiles, { main }: Manifest): Promise<string | undefined> {
  const places = ['server', 'index', 'app', 'main', 'src/server', 'src/index'].flatMap((name) => [
    `${name}.js`,
    `${name}.mjs`,
    `${name}.cjs`,
  ]);
  const file = await files.first([...(typeof main === 'string' && /^[\w./-]+$/.test(main) ? [main] : []), ...places]);
  return file === undefined ? undefined : `node ${file}`;
}
