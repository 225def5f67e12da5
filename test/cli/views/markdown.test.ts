import { expect, test } from 'vitest';
import { escapeMarkdown, renderFailureMarkdown, renderRunMarkdown } from '../../../src/cli/views/markdown.ts';
import type { CommitsSince } from '../../../src/ledger/types.ts';
import { readFacts } from '../../../src/runner/run-facts.ts';
import { badRun, goodRun } from '../support/recorded.ts';

function facts(events: typeof goodRun) {
  const view = readFacts();
  for (const event of events) view.on(event);
  return view.facts;
}

const since: CommitsSince = {
  ...{ version: 'v1', added: 2, removed: 0 },
  commits: [
    { commit: '3f2a9c1d2e3f4a5b', subject: 'Fix <img src=x> | [link](javascript:1) `code`', author: 'ann' },
    { commit: 'aaaaaaaaaaaaaaaa', subject: 'Second\u001b[31m', author: '*bob*' },
  ],
};

test('the Markdown of a run has outcome, steps with times, commits and the command that undoes it', () => {
  const seen = facts(goodRun);
  const text = renderRunMarkdown(
    { ...seen, summary: { ...seen.summary, since } },
    { undo: 'pipeline fast-rollback api v1' },
  );
  expect(text).toBe(
    [
      '## ✅ release api v2 &#40;before: v1&#41; in local: done in 1m 10s',
      '',
      '| step | status | time | what |',
      '| --- | --- | --- | --- |',
      '| stage | done | 4&#46;5s | Build the release on the bake instance |',
      '| roll | done | 1m 5s | Roll instances onto the new image |',
      '',
      '**2 commits since v1**',
      '',
      '- <code>3f2a9c1d2e3f</code> Fix &#60;img src&#61;x&#62; &#124; &#91;link&#93;&#40;javascript:1&#41; &#96;code&#96; (ann)',
      '- <code>aaaaaaaaaaaa</code> Second (&#42;bob&#42;)',
      '',
      'Undo: <code>pipeline fast&#45;rollback api v1</code>',
      '',
      'Run <code>run&#45;1</code>',
      '',
      '',
    ].join('\n'),
  );
});

test('the Markdown of a failed run has the error with its evidence as it is, the fix and the leftovers, and no undo', () => {
  const error = {
    code: 'x',
    message: 'it <b>broke</b>',
    details: ['a </pre> b', '\n', '# no heading'],
    fix: 'look at i-2',
  };
  const text = renderRunMarkdown(facts(badRun), { error, undo: 'pipeline fast-rollback api v1' });
  expect(text).toContain('## ❌ release api in local: failed; manual intervention required in 9s');
  expect(text).toContain('**Error:** it &#60;b&#62;broke&#60;/b&#62;');
  expect(text).toContain('<pre>a &lt;/pre&gt; b\n\n\n# no heading</pre>');
  expect(text).toContain('**Fix:** look at i&#45;2');
  expect(text).toContain('- releases/v2 on i&#45;1');
  expect(text).not.toContain('Undo');
});

test('a command that ended before its run began is shown with its error', () => {
  const error = { code: 'lock.held', message: 'api is locked', details: [], outcome: 'locked', defect: false } as const;
  expect(renderFailureMarkdown('pipeline release api', { ...error, details: [] })).toBe(
    '## ❌ <code>pipeline release api</code>\n\n**Error:** api is locked\n\n',
  );
});

test('text from elsewhere is shown as it is: letters, signs and wide characters, in one line', () => {
  expect(escapeMarkdown('修理 a_b\n# c')).toBe('修理 a&#95;b &#35; c');
});
