import { expect, test } from 'vitest';
import { outsideLoad } from '../../src/config/outside-load.ts';

const thrownAt = (...lines: string[]) =>
  Object.assign(new Error('later'), { stack: ['Error: later', ...lines.map((line) => `    at ${line}`)].join('\n') });

test('what a pipelines file throws in a timer is a usage error that names the file', () => {
  expect(
    outsideLoad(thrownAt('Timeout._onTimeout (/team/pipelines/api.ts:1:221)', 'x (node:internal/timers:581:17)')),
  ).toMatchObject({
    code: 'config.unreadable',
    outcome: 'usage',
    message: 'pipelines/api.ts throws in a timer or in a promise that nothing awaits: later',
  });
});

test('an error of other code is not one of the file', () => {
  expect(outsideLoad(thrownAt('run (/app/dist/cli.js:3:1)', 'hook (/team/pipelines/api.ts:9:1)'))).toBeUndefined();
  expect(outsideLoad('text')).toBeUndefined();
});
