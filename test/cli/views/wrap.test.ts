import { PipelineError } from '@golden-pipeline/shared/errors';
import { expect, test } from 'vitest';
import { renderError } from '../../../src/cli/views/errors.ts';
import { colorsFor } from '../../../src/cli/views/text.ts';
import { wrapLines, wrapWidth } from '../../../src/cli/views/wrap.ts';

test('long lines are wrapped at words, continued with an indent, and words longer than a line stay whole', () => {
  const path = `/var/log/${'x'.repeat(40)}`;
  expect(wrapLines(`the instance did not become healthy in time\n  see ${path} for more of it`, 24)).toBe(
    ['the instance did not', '  become healthy in time', '  see', `    ${path}`, '    for more of it'].join('\n'),
  );
});

test('wide characters count as two columns', () => {
  expect(wrapLines('修理買物籠 修理買物籠 修理買物籠', 24)).toBe('修理買物籠 修理買物籠\n  修理買物籠');
});

test('an error is wrapped to the width of a terminal, and stays in one line for a pipe or a file', () => {
  const error = new PipelineError('x', 'i-0123456789 did not become healthy within 300 s', {
    fix: 'pipeline status api',
  });
  const colors = colorsFor(false);
  const width = wrapWidth({ write: () => undefined, isTTY: true, columns: 40 });
  expect(renderError(error, { colors, debug: false, width })).toBe(
    'error: i-0123456789 did not become\n  healthy within 300 s\nfix: pipeline status api\n',
  );
  expect(wrapWidth({ write: () => undefined, columns: 40 })).toBeUndefined();
  expect(renderError(error, { colors, debug: false })).toContain('healthy within 300 s\n');
});
