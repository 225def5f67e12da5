import { describe, expect, it } from 'vitest';
import { loadFleet } from '../../src/config/load.ts';
import type { Pipeline } from '../../src/config/pipeline.ts';
import { everyFleet, projectFleets } from '../../src/config/project.ts';
import type { PipelineConfig } from '../../src/config/schema/pipeline.ts';
import { validate } from '../../src/config/validate.ts';
import { checkConfiguration } from '../../src/project/check-config.ts';
import { instantClock } from '../support/instant-clock.ts';
import { file, minimal, project } from './support/project.ts';

const withProduction = (production: object, top: object = {}, more: object = {}) =>
  minimal({
    ...top,
    defaultEnvironment: 'production',
    environments: { local: { cloud: 'local' }, production: { cloud: 'local', ...production }, ...more },
  });

const validated = (config: object) =>
  validate(config, { app: 'api', file: 'pipelines/api.ts', projectDir: '/project' });

/** The mistakes that are reported. */
function mistakes(...config: Parameters<typeof withProduction>): string[] {
  try {
    validated(withProduction(...config));
    return [];
  } catch (error) {
    return (error as { details: string[] }).details;
  }
}

const migrate = { command: ['npm', 'run', 'migrate'] };
const list = "a list of a program and its arguments, such as ['npm', 'run', 'migrate']";

describe('a group of which an environment has only a part', () => {
  it.each([
    [{ release: { migrate: { when: 'after-roll' } } }, `release.migrate.command: missing, expected ${list}`],
    [
      { infrastructure: { github: { createProvider: true } } },
      "infrastructure.github.repository: missing, expected a repository such as 'shop/api'",
    ],
    [
      { infrastructure: { gitlab: { branch: 'main' } } },
      "infrastructure.gitlab.project: missing, expected a project such as 'shop/api'",
    ],
    [
      { ssh: { proxyJump: { to: 'ops@bastion.example.org' } } },
      'ssh.proxyJump.hostKeys: missing, expected a list of known_hosts lines',
    ],
  ])('is reported with its place: %j', (production, text) => {
    expect(mistakes(production)).toEqual([`environments.production.${text}`]);
  });

  it('is completed by the file or by the environment that it inherits from', () => {
    const part = { release: { migrate: { when: 'after-roll' } } };
    const whole = { command: migrate.command, when: 'after-roll' };
    expect(validated(withProduction(part, { release: { migrate } })).fleet().release.migrate).toMatchObject(whole);
    const staging = { staging: { cloud: 'local', release: { migrate } } };
    const inherited = validated(withProduction({ ...part, inherits: 'staging' }, {}, staging));
    expect(inherited.fleet().release.migrate).toMatchObject(whole);
  });

  it('is reported once where the whole file lacks the same, and in one list with other mistakes', () => {
    expect(mistakes({}, { release: { migrate: { when: 'after-roll' } } })).toEqual([
      `release.migrate.command: missing, expected ${list}`,
    ]);
    expect(mistakes({ release: { migrate: { when: 'after-roll' } }, capacity: { min: 'four' } })).toEqual([
      'environments.production.capacity.min: "four", expected a whole number from 0 to 10000',
      `environments.production.release.migrate.command: missing, expected ${list}`,
    ]);
  });

  it('is an error of its file, and the other apps of the project go on', async () => {
    const dir = await project({
      'api.ts': file(withProduction({ release: { migrate: { when: 'after-roll' } } })),
      'web.ts': file(minimal({ app: 'web' })),
    });
    await expect(loadFleet({ projectDir: dir, app: 'api' })).rejects.toMatchObject({
      code: 'config.invalid',
      outcome: 'usage',
    });
    expect((await projectFleets(dir)).map(({ app }) => app)).toEqual(['web']);
    const { checked, errors } = await checkConfiguration(
      { clock: instantClock() },
      { projectDir: dir, apps: ['api', 'web'] },
    );
    expect(errors).toMatchObject([{ code: 'config.invalid', message: 'pipelines/api.ts has a mistake' }]);
    expect(checked).toMatchObject([{ app: 'api' }, { app: 'web', environments: ['local'] }]);
  });
});

it('the fleets of a project leave out one that does not resolve', () => {
  const whole = validated(minimal());
  const broken: Pipeline = {
    ...whole,
    fleet() {
      throw new Error('does not resolve');
    },
  };
  expect(everyFleet([broken, whole]).map(({ app }) => app)).toEqual(['api']);
});

describe('false in an environment', () => {
  const github = { repository: 'shop/api' };
  const gitlab = { project: 'shop/api' };
  const proxyJump = {
    to: 'ops@bastion.example.org',
    hostKeys: ['bastion.example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA'],
  };
  const top = { release: { migrate }, infrastructure: { github, gitlab }, ssh: { proxyJump } };
  // Typed, as an editor must accept it.
  const without: PipelineConfig['environments'][string] = {
    release: { migrate: false },
    infrastructure: { github: false, gitlab: false },
    ssh: { proxyJump: false },
  };

  it('leaves an optional group of the file out there, and where it is inherited', () => {
    const config = withProduction(without, top, { inheriting: { inherits: 'production' } });
    for (const environment of ['production', 'inheriting']) {
      const fleet = validated(config).fleet(environment);
      expect(fleet.release).not.toHaveProperty('migrate');
      expect(fleet.infrastructure).not.toHaveProperty('github');
      expect(fleet.infrastructure).not.toHaveProperty('gitlab');
      expect(fleet.ssh).not.toHaveProperty('proxyJump');
    }
    expect(validated(config).fleet('local').release.migrate).toMatchObject(migrate);
  });

  it('is not accepted for groups that have defaults, nor null in its place', () => {
    expect(mistakes({ release: { watch: false } })).toEqual([
      'environments.production.release.watch: false, expected a group of settings in { }',
    ]);
    expect(mistakes({ release: { migrate: null } })).toEqual([
      'environments.production.release.migrate: null, expected a group of settings in { }, or false to leave it out',
    ]);
  });

  it('does not hide what is wrong in a group that is given instead', () => {
    expect(mistakes({ release: { migrate: { comand: ['x'] } } }, { release: { migrate } })).toEqual([
      'environments.production.release.migrate.comand: unknown key, did you mean command?',
    ]);
    expect(mistakes({ release: { migrate: { command: 'x' } } }, { release: { migrate } })).toEqual([
      `environments.production.release.migrate.command: "x", expected ${list}`,
    ]);
  });
});

describe('a mistake inside the command of a hook', () => {
  const hooks = (run: unknown) => mistakes({}, { release: { hooks: [{ at: 'after-verify', run }] } });

  it('is named with its key and the known ones', () => {
    expect(hooks({ command: ['x'], timeout: 3 })).toEqual([
      'release.hooks[0].run.timeout: unknown key, known here: command, timeoutSeconds',
    ]);
    expect(hooks({ command: ['x'], timeoutSecond: 3 })).toEqual([
      'release.hooks[0].run.timeoutSecond: unknown key, did you mean timeoutSeconds?',
    ]);
    expect(hooks({ command: 'x' })).toEqual([`release.hooks[0].run.command: "x", expected ${list}`]);
  });

  it('is that it is neither a task nor a command, where it is of another kind', () => {
    expect(hooks(3)).toEqual([expect.stringContaining('release.hooks[0].run: 3, expected a task and its inputs')]);
  });
});
