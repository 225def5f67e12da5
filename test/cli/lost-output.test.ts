import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { describeLost } from '../../src/cli/describe-lost.ts';
import { surviveLostOutput } from '../../src/cli/lost-output.ts';

const failing = (...codes: string[]) => {
  const stream = new EventEmitter();
  const lost = surviveLostOutput([stream]);
  for (const code of codes) stream.emit('error', Object.assign(new Error(code), { code, syscall: 'write' }));
  return lost();
};

test.each(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'])(
  '%s of an output that nobody reads any more is not a failure',
  (code) => {
    expect(failing(code, code)).toBeUndefined();
  },
);

test('a full disk does not end the process, and is described in one line', () => {
  const error = failing('ENOSPC', 'EIO');
  expect(error).toMatchObject({ code: 'ENOSPC' });
  expect(describeLost(error as Error)).toBe('error: the output is not complete: no space is left\n');
});
