import { expect, it } from 'vitest';
import { projectRules } from '../../../../src/cli/commands/support/project-rules.ts';

const fleet = (cloud: 'aws' | 'local') => ({ app: 'api', environment: 'production', cloud });

it('nothing but commits decides how hosts on AWS are built, and a snapshot is refused there', () => {
  expect(projectRules(fleet('aws'), false)).toEqual({ allowDirty: false, committed: true });
  expect(() => projectRules(fleet('aws'), true)).toThrowError(
    expect.objectContaining({ code: 'project.allow-dirty', outcome: 'usage' }),
  );
});

it('a snapshot is for environments of the local cloud, where it is requested', () => {
  expect(projectRules(fleet('local'), false)).toEqual({ allowDirty: false, committed: false });
  expect(projectRules(fleet('local'), true)).toEqual({ allowDirty: true, committed: false });
});
