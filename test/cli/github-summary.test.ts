import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appendGithubSummary, withGithubSummary } from '../../src/cli/github-summary.ts';
import { reportError } from '../../src/cli/report-error.ts';
import { createRedact } from '../../src/shared/redact.ts';
import { fakeContext } from './support/fake-context.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'summary-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const argv = ['release', 'api', '--github-summary'];
const contextWith = (path?: string) =>
  fakeContext(argv, { env: path === undefined ? {} : { GITHUB_STEP_SUMMARY: path } });

test('without a summary of the job the command is refused before it begins, with the fix', async () => {
  let began = false;
  const work = async () => {
    began = true;
    return 0;
  };
  await expect(withGithubSummary(contextWith(), work)).rejects.toMatchObject({
    code: 'github.no-summary',
    outcome: 'usage',
    fix: expect.stringContaining('leave --github-summary out'),
  });
  await expect(withGithubSummary(contextWith(join(folder, 'none', 'x')), work)).rejects.toMatchObject({
    code: 'github.summary-not-writable',
    outcome: 'usage',
  });
  expect(began).toBe(false);
});

test('what earlier steps of the job have written stays, and why a command could not begin is added', async () => {
  const path = join(folder, 'summary.md');
  writeFileSync(path, 'before\n');
  const held = new PipelineError('lock.held', 'api is locked by bob', { outcome: 'locked', fix: 'wait' });
  await expect(withGithubSummary(contextWith(path), () => Promise.reject(held))).rejects.toBe(held);
  expect(readFileSync(path, 'utf8')).toBe(
    'before\n## ❌ <code>pipeline release api &#45;&#45;github&#45;summary</code>\n\n**Error:** api is locked by bob\n\n**Fix:** wait\n\n',
  );
});

test('the summary and the output have no secret of an error that came before the run', async () => {
  const path = join(folder, 'summary.md');
  const context = contextWith(path);
  context.redact = createRedact(['known-to-fleet']);
  const error = new PipelineError('git.failed', 'git fetch https://me:hunter2@git.example/ failed', {
    details: ['with known-to-fleet'],
    fix: 'look at password=hunter2',
  });
  await expect(withGithubSummary(context, () => Promise.reject(error))).rejects.toBe(error);
  reportError(context, error);
  for (const text of [readFileSync(path, 'utf8'), context.stderr.text]) {
    expect(text).toContain('redacted');
    expect(text).not.toMatch(/hunter2|known-to-fleet/);
  }
});

test('without a fleet, the keys of the account are hidden in the summary', async () => {
  const path = join(folder, 'summary.md');
  const env = { GITHUB_STEP_SUMMARY: path, AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI' };
  const failed = () => Promise.reject(new PipelineError('aws.failed', 'signed with wJalrXUtnFEMI'));
  await expect(withGithubSummary(fakeContext(argv, { env }), failed)).rejects.toThrow();
  expect(readFileSync(path, 'utf8')).not.toContain('wJalrXUtnFEMI');
});

test('a summary that can no longer be written is a warning', () => {
  const context = contextWith(join(folder, 'none', 'x'));
  appendGithubSummary(context, 'text');
  expect(context.stderr.text).toMatch(/^warning: the file in GITHUB_STEP_SUMMARY cannot be written: /);
});
