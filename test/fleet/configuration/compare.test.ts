import { describe, expect, it } from 'vitest';
import {
  type Compared,
  compareConfiguration,
  type Reading,
  valuesWithoutDifference,
} from '../../../src/fleet/configuration/compare.ts';
import { describeDifferences } from '../../../src/fleet/configuration/describe.ts';
import { appliedTags, readApplied, type SettingValues } from '../../../src/fleet/configuration/settings.ts';

const file: SettingValues = {
  'service.port': '3000',
  'balancer.listenerPort': '8080',
  'balancer.validationHeader': 'x-golden-validation',
  'balancer.healthCheck.path': '/health',
  'balancer.healthCheck.intervalSeconds': '5',
  'balancer.healthCheck.timeoutSeconds': '2',
  'balancer.healthCheck.healthyThreshold': '2',
  'balancer.healthCheck.unhealthyThreshold': '2',
  'balancer.deregistrationDelaySeconds': '30',
  'release.timeouts.health': '60',
  'capacity.min': '4',
  'capacity.max': '12',
};
const path: Reading = {
  setting: 'balancer.healthCheck.path',
  kind: 'target group',
  resource: 'api-local',
  value: '/health',
};
const compared = (changes: Partial<Compared>): Compared => ({
  app: 'api',
  file,
  applied: file,
  readings: [path],
  instances: 4,
  ...changes,
});
const origin = (changes: Partial<Compared>) => compareConfiguration(compared(changes)).map((one) => one.origin);
const fleet = { app: 'api', environment: 'production', cloud: 'aws' } as const;

describe('comparing a configuration', () => {
  const changed = { ...file, 'balancer.healthCheck.path': '/ready' };

  it.each<[string, Partial<Compared>, string[]]>([
    ['finds nothing where all three agree', {}, []],
    ['finds a change of the file', { file: changed }, ['file']],
    ['finds a change in the cloud', { readings: [{ ...path, value: '/ready' }] }, ['cloud']],
    ['finds changes of both', { file: changed, readings: [{ ...path, value: '/up' }] }, ['both']],
    ['does not know which side changed when nothing was recorded', { file: changed, applied: {} }, ['unknown']],
    ['finds nothing where the cloud has what the file says now', { applied: changed }, []],
  ])('%s', (_name, changes, expected) => {
    expect(origin(changes)).toEqual(expected);
  });

  it('compares values that are too long for a tag by their digest', () => {
    const long = `/${'a'.repeat(300)}`;
    const applied = readApplied(appliedTags({ 'balancer.healthCheck.path': long }));
    expect(applied['balancer.healthCheck.path']).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(origin({ file: changed, applied, readings: [{ ...path, value: long }] })).toEqual(['file']);
    expect(origin({ file: { ...file, 'balancer.healthCheck.path': long }, applied })).toEqual(['cloud']);
  });

  it('leaves another listener alone unless it is the one that was applied', () => {
    const surplus: Reading = {
      setting: 'balancer.listenerPort',
      kind: 'load balancer',
      resource: 'api-local',
      value: '9090',
      surplus: true,
    };
    expect(origin({ readings: [surplus] })).toEqual([]);
    expect(origin({ readings: [surplus], applied: { ...file, 'balancer.listenerPort': '9090' } })).toEqual(['file']);
    expect(origin({ readings: [surplus], applied: {} })).toEqual([]);
  });

  it('waits with a minimum while the fleet is held for an event, and reports nothing when the file is unchanged', () => {
    const held: Reading = {
      setting: 'capacity.min',
      kind: 'Auto Scaling group',
      resource: 'api-local',
      value: '6',
      held: true,
    };
    expect(origin({ readings: [held] })).toEqual([]);
    const [one] = compareConfiguration(compared({ readings: [held], applied: { ...file, 'capacity.min': '2' } }));
    expect(one?.blocked?.why).toContain('for an event');
    expect(valuesWithoutDifference(compared({}), one ? [one] : [])['capacity.min']).toBeUndefined();
  });

  it('refuses a maximum below the requested instances, and a changed port under instances', () => {
    const max: Reading = {
      setting: 'capacity.max',
      kind: 'Auto Scaling group',
      resource: 'api-local',
      value: '20',
      desired: 15,
    };
    const port: Reading = { setting: 'service.port', kind: 'target group', resource: 'api-local', value: '4000' };
    const applied = { ...file, 'capacity.max': '20', 'service.port': '4000' };
    const both = compared({ readings: [max, port], applied });
    expect(compareConfiguration(both).map((one) => one.blocked?.why)).toEqual([
      'api-local has 15 instances, and a lower maximum would terminate 3 of them',
      'a target group keeps its port, and the 4 instances of the fleet listen on 4000',
    ]);
    const [, empty] = compareConfiguration({ ...both, instances: 0 });
    expect(empty?.blocked).toBeUndefined();
  });

  it('records everything as applied that neither waits nor is undecided', () => {
    const open = compareConfiguration(compared({ file: changed }));
    expect(valuesWithoutDifference(compared({ file: changed }), open)).not.toHaveProperty('balancer.healthCheck.path');
    const others = compareConfiguration(compared({ readings: [{ ...path, value: '/ready' }] }));
    expect(valuesWithoutDifference(compared({}), others)).toEqual(file);
  });
});

describe('differences as text', () => {
  const differences = compareConfiguration(
    compared({
      applied: {},
      readings: [
        { ...path, value: '/up\u001b[2J' },
        { ...path, resource: 'api-local-check', value: '/up\u001b[2J' },
      ],
    }),
  );

  it('list the resources with one value together, without control characters', () => {
    const [one, ...more] = describeDifferences(fleet, differences);
    expect(more).toEqual([]);
    expect(one?.message).toBe(
      'balancer.healthCheck.path of target groups api-local, api-local-check is "/up\\u001b[2J"; pipelines/api.ts says "/health"',
    );
    expect(one?.fix).toContain('pipeline infra deploy api-production');
    expect(one?.fix).toContain("set balancer.healthCheck.path to '/up\\u001b[2J'");
  });

  it('name local up for a fleet of the local cloud, and how to overwrite what others have changed', () => {
    const fixes = (applied: Partial<SettingValues>) =>
      describeDifferences(
        { ...fleet, cloud: 'local' },
        compareConfiguration(compared({ applied, readings: [{ ...path, value: '/up' }] })),
      ).map((one) => one.fix);
    expect(fixes({ ...file, 'balancer.healthCheck.path': '/up' })).toEqual(['pipeline local up']);
    expect(fixes(file)[0]).toMatch(/^restore what the file says: pipeline local up --overwrite; or keep it: set/);
  });
});
