import { expect, it } from 'vitest';
import { projectRules } from '../../../../src/cli/commands/support/project-rules.ts';

const fleet = (cloud: 'aws' | 'local') => ({ app: 'api', environment: 'production', cloud });

it('plays on AWS hosts come from commits only, and a snapshot is refused', () => {
  expect(projectRules(fleet('aws'), {})).toEqual({ allowDirty: false, committed: true });
  expect(() => projectRules(fleet('aws'), { allowDirty: true })).toThrowError(
    expect.objectContaining({ code: 'project.allow-dirty', outcome: 'usage' }),
  );
});

it('a snapshot is accepted on request, for environments of the local cloud', () => {
  expect(projectRules(fleet('local'), {})).toEqual({ allowDirty: false, committed: false });
  expect(projectRules(fleet('local'), { allowDirty: true })).toEqual({ allowDirty: true, committed: false });
});
