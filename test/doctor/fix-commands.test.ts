import { expect, it } from 'vitest';
import { commandsIn, inEnvironment } from '../../src/doctor/fix-commands.ts';
import { expectRunnable } from './support/printed-fixes.ts';

it.each([
  ['pipeline abort api', ['pipeline abort api']],
  ['start it: pipeline local up', ['pipeline local up']],
  [
    'pipeline base build, then pipeline release api --from-base',
    ['pipeline base build', 'pipeline release api --from-base'],
  ],
  ['build one (pipeline base build), or set instance.baseImage', ['pipeline base build']],
  [
    'to go there: pipeline fast-rollback api v1. Or see: pipeline images api',
    ['pipeline fast-rollback api v1', 'pipeline images api'],
  ],
  [
    'pipeline local aws elbv2 modify-listener --default-actions \'[{"Type": "forward", "Weight": 1}]\'; then again',
    ['pipeline local aws elbv2 modify-listener --default-actions \'[{"Type": "forward", "Weight": 1}]\''],
  ],
  ['or keep it: set capacity.max to 4 in pipelines/api.ts', []],
  ['have the playbook of golden-pipeline apply the role', []],
])('the commands in the fix "%s" are found', (fix, commands) => {
  expect(commandsIn(fix)).toEqual(commands);
});

it('a fix for an environment that is not the default one names it in each command about an app', () => {
  expect(inEnvironment('look: pipeline images api. Or pipeline base build, then pipeline release api', 'staging')).toBe(
    'look: pipeline images api --env staging. Or pipeline base build --env staging, then pipeline release api --env staging',
  );
  expect(inEnvironment('create it: pipeline infra deploy api-staging', 'staging')).toBe(
    'create it: pipeline infra deploy api-staging',
  );
  expect(inEnvironment('pipeline abort api --env staging', 'staging')).toBe('pipeline abort api --env staging');
});

it('a fix with words that its command does not take is not accepted as runnable', async () => {
  const fix = (text: string) => [{ id: 'a', severity: 'error', message: '', fix: text }] as const;
  await expectRunnable(fix('pipeline scale api --cancel, then pipeline scale api 9 --at 2026-12-01T10:00Z'));
  await expect(expectRunnable(fix('pipeline release api replaces them all'))).rejects.toThrow('too many arguments');
  await expect(expectRunnable(fix('pipeline images api purge --now'))).rejects.toThrow('unknown option');
});
