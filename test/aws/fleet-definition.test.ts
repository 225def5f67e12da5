import { expect, it } from 'vitest';
import { defineFleet } from '../../src/aws/fleet-definition.ts';
import { loadFleet } from '../../src/config/load.ts';
import { file, minimal, project } from '../config/support/project.ts';

async function defined(changes: Record<string, unknown> = {}) {
  const projectDir = await project({ 'api.ts': file(minimal(changes)) });
  const fleet = await loadFleet({ projectDir, app: 'api' });
  return { fleet, definition: defineFleet(fleet) };
}

it('a rolling fleet has one group, whose target group serves, and a validation route for the pipeline only', async () => {
  const { fleet, definition } = await defined({
    capacity: { min: 2, max: 7 },
    balancer: { deregistrationDelaySeconds: 45, validationHeader: 'x-check' },
  });
  const { names } = fleet;
  expect(definition.groups).toEqual([
    {
      name: names.group,
      targetGroup: names.targetGroup,
      // It starts empty, whatever its least size is later: nothing could serve yet.
      min: 0,
      max: 7,
      healthCheckGraceSeconds: fleet.release.timeouts.health,
      defaultWarmupSeconds: 0,
    },
  ]);
  expect(definition.targetGroups.map(({ name, role }) => [name, role])).toEqual([
    [names.targetGroup, 'serving'],
    [names.validationTargetGroup, 'validation'],
  ]);
  for (const one of definition.targetGroups) {
    expect(one).toMatchObject({
      port: 3000,
      healthCheck: fleet.balancer.healthCheck,
      attributes: { 'deregistration_delay.timeout_seconds': '45' },
    });
  }
  expect(definition.validationRule).toMatchObject({
    header: 'x-check',
    value: 'on',
    targetGroup: names.validationTargetGroup,
  });
});

it('a blue/green fleet has two groups, each with its own target group, and one validation route', async () => {
  const { fleet, definition } = await defined({ release: { strategy: 'blue-green' } });
  const { names } = fleet;
  expect(definition.groups.map(({ name, targetGroup }) => [name, targetGroup])).toEqual([
    [names.group, names.targetGroup],
    [names.greenGroup, names.greenTargetGroup],
  ]);
  expect(definition.targetGroups.map(({ name, role }) => [name, role])).toEqual([
    [names.targetGroup, 'serving'],
    [names.greenTargetGroup, 'serving'],
    [names.validationTargetGroup, 'validation'],
  ]);
  expect(new Set(definition.targetGroups.map(({ name }) => name)).size).toBe(3);
});

it("every resource can be identified as the fleet's, and only the security group of the instances has their role", async () => {
  const { fleet, definition } = await defined({ instance: { type: 'm5.large', keyName: 'ops' } });
  const own = { 'golden-pipeline:app': 'api', 'golden-pipeline:environment': 'local' };
  expect(definition.tags).toEqual(own);
  expect(definition.securityGroup.tags).toEqual({ ...own, 'golden-pipeline:role': 'instances' });
  expect(definition.template).toMatchObject({
    name: fleet.names.launchTemplate,
    instanceType: 'm5.large',
    keyName: 'ops',
    instanceTags: { ...own, Name: fleet.names.group },
  });
});
