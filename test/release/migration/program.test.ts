import { PipelineError } from '@golden-pipeline/shared/errors';
import { expect, it } from 'vitest';
import { isUnanswered } from '../../../src/release/migration/program.ts';

it.each<[boolean, string, unknown]>([
  [true, 'the host was not reached', new PipelineError('ssh.unreachable', 'Connection timed out')],
  [true, 'there is no way to the host', new PipelineError('ssh.no-way', 'the AWS CLI (aws) was not found')],
  [
    true,
    'the host was too busy',
    new PipelineError('ssh.failed', '`python3` failed (did not finish within 60000 ms): '),
  ],
  [false, 'sudo was refused', new PipelineError('ssh.failed', '`sudo` failed (exit 1): sudo: a password is required')],
  [false, 'it still runs', new PipelineError('wait.timeout', 'gave up waiting for the migration to stop')],
  [false, 'the answer cannot be read', new SyntaxError('Unexpected token')],
])('a call about a migration counts as unanswered: %s, when %s', (unanswered, _why, error) => {
  expect(isUnanswered(error)).toBe(unanswered);
});
