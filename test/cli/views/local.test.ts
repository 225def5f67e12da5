import { expect, it } from 'vitest';
import { renderConfiguration } from '../../../src/cli/views/local.ts';
import type { ConfigurationOutcome } from '../../../src/provision/configure-fleet.ts';

const path = {
  setting: 'balancer.healthCheck.path',
  origin: 'file',
  file: '/ready',
  now: '/health',
  resources: ['api-local', 'api-local-check'],
  message:
    'balancer.healthCheck.path of target groups api-local, api-local-check is "/health"; pipelines/api.ts says "/ready"',
  fix: 'pipeline local up',
} as const;
const outcome = (changes: Partial<ConfigurationOutcome>): ConfigurationOutcome => ({
  app: 'api',
  environment: 'local',
  applied: [],
  open: [],
  postponed: null,
  ...changes,
});

it('the result of applying a configuration prints nothing when the cloud matches the file', () => {
  expect(renderConfiguration(outcome({}))).toEqual([]);
});

it('the result of applying a configuration names what was applied, and remaining differences with their fix', () => {
  expect(renderConfiguration(outcome({ applied: [path] }))).toEqual([
    'api in local: balancer.healthCheck.path changed from /health to /ready (api-local, api-local-check)',
  ]);
  expect(renderConfiguration(outcome({ open: [path] }))).toEqual([
    `api in local: ${path.message}`,
    '  fix: pipeline local up',
  ]);
});

it('a configuration that waits for a run names the run and what to do afterwards', () => {
  const postponed = 'api in local is locked by ann@here for "pipeline release api"';
  expect(renderConfiguration(outcome({ open: [path], postponed }))).toEqual([
    `api in local: nothing was changed: ${postponed}`,
    `api in local: ${path.message}`,
    '  fix: afterwards: pipeline local up',
  ]);
});

it('values from the cloud cannot move the cursor', () => {
  const [line] = renderConfiguration(outcome({ applied: [{ ...path, now: '/a\u001b[2J\nb' }] }));
  expect(line).not.toContain('\u001b');
  expect(line).not.toContain('\n');
});
