import { expect, it } from 'vitest';
import { testProjects } from './test-projects.ts';

const projects = testProjects();

it('test files that start a cloud, themselves or through a fixture, are in the project of simulated clouds', () => {
  expect(projects.simulated).toEqual(
    expect.arrayContaining([
      'packages/local-cloud/test/daemon/cloud.test.ts',
      'packages/local-cloud/test/behaviour/groups.test.ts',
      'test/release/plan.test.ts',
      'test/tasks/maintenance.test.ts',
    ]),
  );
});

it('test files that start no cloud are unit tests, those of test/e2e are a project of their own', () => {
  expect(projects.unit).toEqual(
    expect.arrayContaining(['packages/shared/test/clock.test.ts', 'test/support/test-projects.test.ts']),
  );
  expect(projects.unit.filter((file) => projects.simulated.includes(file))).toEqual([]);
  expect(projects.e2e.every((file) => file.startsWith('test/e2e/'))).toBe(true);
});
