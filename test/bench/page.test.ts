import { expect, it } from 'vitest';
import { record, shown, table } from '../../bench/support/page.ts';

const page = [
  '# Figures',
  '',
  '| benchmark | figure | value | aim |',
  '| --- | --- | ---: | --- |',
  '| start | from nothing | 170 ms | <= 300 |',
  '| start | gone by now | 3.00 ms |  |',
  '| no longer there | of old | 1.00 |  |',
  '| starts | of another name | 2.00 s |  |',
  '',
  'What people say about them.',
  '',
].join('\n');

it('replaces the rows that were measured again, in the order of the benchmarks, and keeps the others', () => {
  const measured = [
    { name: 'start', figures: [{ figure: 'from nothing', value: 99.5, unit: 'ms', aim: '<= 300' }] },
    { name: 'roll', figures: [{ figure: 'failed of 900 requests', value: 0, unit: '', aim: '0' }] },
  ];
  expect(record(page, measured, ['roll', 'starts', 'start'])).toBe(
    [
      '# Figures',
      '',
      '| benchmark | figure | value | aim |',
      '| --- | --- | ---: | --- |',
      '| roll | failed of 900 requests | 0.00 | 0 |',
      '| starts | of another name | 2.00 s |  |',
      '| start | from nothing | 99.50 ms | <= 300 |',
      '',
      'What people say about them.',
      '',
    ].join('\n'),
  );
  expect(table(measured)).toContain('| start | from nothing | 99.50 ms | <= 300 |');
  expect(shown({ value: 19469.2, unit: 'requests/s' })).toBe('19469 requests/s');
});

it('refuses a page without the table', () => {
  expect(() => record('# Figures\n', [], [])).toThrow('no table');
});
