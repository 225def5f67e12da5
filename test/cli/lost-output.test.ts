import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { surviveLostOutput } from '../../src/cli/lost-output.ts';

const failing = (...codes: string[]) => {
  const stream = new EventEmitter();
  const written = surviveLostOutput([stream]);
  for (const code of codes) stream.emit('error', Object.assign(new Error(code), { code }));
  return written();
};

test.each(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'])(
  '%s of an output that nobody reads any more is not a failure',
  (code) => {
    expect(failing(code, code)).toBe(true);
  },
);

test('a full disk does not end the process, and sets the exit code', () => {
  expect(failing('ENOSPC', 'EIO')).toBe(false);
});
