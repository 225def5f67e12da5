import { expect, it } from 'vitest';
import { stopSignalsOf } from '../../src/cli/stop-signals.ts';
import { Interrupted } from '../../src/engine/interrupt.ts';
import { fakeContext } from './support/fake-context.ts';

it('the first signal aborts what is watched, and the second one exits at once', () => {
  const context = fakeContext(['logs', 'api']);
  const stop = stopSignalsOf(context);
  context.signals.emit('SIGINT');
  expect(stop.signal.reason).toBeInstanceOf(Interrupted);
  expect([stop.received, context.exits]).toEqual(['SIGINT', []]);
  context.signals.emit('SIGINT');
  expect(context.exits).toEqual([130]);
});

it('a closed terminal after Ctrl-C does not exit by itself, and nothing is heard after the end', () => {
  const context = fakeContext(['logs', 'api']);
  const stop = stopSignalsOf(context);
  context.signals.emit('SIGINT');
  context.signals.emit('SIGHUP');
  expect(context.exits).toEqual([]);
  stop.remove();
  context.signals.emit('SIGTERM');
  expect(context.exits).toEqual([]);
});

it('an end without a signal of the system aborts as well', () => {
  const stop = stopSignalsOf(fakeContext(['logs', 'api']));
  stop.abort();
  expect([stop.signal.aborted, stop.received]).toEqual([true, undefined]);
});
