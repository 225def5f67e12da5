import { expect, it } from 'vitest';
import { validate } from '../../src/config/validate.ts';

const origin = { app: 'api', file: 'pipelines/api.ts', projectDir: '/project' };
const fleet = (release: object, ansible: object = {}) =>
  validate(
    {
      app: 'api',
      source: {},
      ansible: { playbook: 'ansible/api.yml', ...ansible },
      service: { port: 3000 },
      release,
      environments: { local: { cloud: 'local' } },
    },
    origin,
  ).fleet();

/** The mistakes that are reported. */
function mistakes(release: object, ansible: object = {}): string[] {
  try {
    fleet(release, ansible);
    return [];
  } catch (error) {
    return (error as { details: string[] }).details;
  }
}

it('a migration runs before the roll and for half an hour unless the file says otherwise', () => {
  expect(fleet({ migrate: { command: ['npm', 'run', 'migrate'] } }).release.migrate).toEqual({
    ...{ command: ['npm', 'run', 'migrate'], when: 'before-roll', timeoutSeconds: 1800 },
  });
  expect(fleet({}).release.migrate).toBeUndefined();
});

it('a command that is a text or empty, another point and a time of 0 are refused with their values', () => {
  const list = "expected a list of a program and its arguments, such as ['npm', 'run', 'migrate']";
  expect(mistakes({ migrate: { command: 'npm run migrate' } })).toEqual([
    `release.migrate.command: "npm run migrate", ${list}`,
  ]);
  expect(mistakes({ migrate: { command: [] } })).toEqual([`release.migrate.command: [], ${list}`]);
  expect(mistakes({ migrate: { when: 'before-roll' } })).toEqual([`release.migrate.command: missing, ${list}`]);
  expect(mistakes({ migrate: { command: ['x'], when: 'before-bake' } })).toEqual([
    `release.migrate.when: "before-bake", expected 'before-roll' or 'after-roll'`,
  ]);
  expect(mistakes({ migrate: { command: ['x'], timeoutSeconds: 0 } })).toEqual([
    'release.migrate.timeoutSeconds: 0, expected a whole number of seconds from 1 to 86400',
  ]);
});

it('a migration beside a plain playbook is refused, with the reason and what to do instead', () => {
  const plain = { kind: 'plain' };
  const smokeTests = [{ path: '/version', contains: '{version}' }];
  const [line] = mistakes({ smokeTests, migrate: { command: ['npm', 'run', 'migrate'] } }, plain);
  expect(line).toContain("release.migrate: a migration cannot run with ansible.kind 'plain'");
  expect(line).toContain('such a playbook starts the new version by itself');
  expect(line).toContain('make the migration one of its tasks, and leave out release.migrate');
});
