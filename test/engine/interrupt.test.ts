import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { installInterrupt } from '../../src/engine/interrupt.ts';

describe('installInterrupt', () => {
  it('aborts at the first signal, reports and exits at the second, and can be removed', () => {
    const source = new EventEmitter();
    const [onFirst, onSecond, exit] = [vi.fn(), vi.fn(), vi.fn()];
    const interrupt = installInterrupt({ source, onFirst, onSecond, exit });
    expect(interrupt.received).toBeUndefined();
    source.emit('SIGTERM');
    expect(interrupt.signal.aborted).toBe(true);
    expect(interrupt.signal.reason).toMatchObject({
      code: 'run.interrupted',
      outcome: 'interrupted',
      message: 'interrupted by SIGTERM',
    });
    expect(interrupt.received).toBe('SIGTERM');
    expect(exit).not.toHaveBeenCalled();
    source.emit('SIGINT');
    expect(onFirst).toHaveBeenCalledTimes(1);
    expect(onSecond).toHaveBeenCalledWith('SIGINT');
    expect(exit).toHaveBeenCalledWith(130);
    interrupt.remove();
    expect(source.listenerCount('SIGINT') + source.listenerCount('SIGTERM')).toBe(0);
  });

  it.each([
    ['SIGHUP', 'SIGHUP'],
    ['SIGINT', 'SIGHUP'],
    ['SIGHUP', 'SIGTERM', 'SIGHUP'],
  ] as const)('lets the undo continue after %s %s %s, as a terminal and a session send them', (...signals) => {
    const source = new EventEmitter();
    const [onFirst, onSecond, exit] = [vi.fn(), vi.fn(), vi.fn()];
    const interrupt = installInterrupt({ source, onFirst, onSecond, exit });
    for (const signal of signals) source.emit(signal);
    expect(interrupt.received).toBe(signals[0]);
    expect(interrupt.signal.reason).toMatchObject({ signal: signals[0], outcome: 'interrupted' });
    expect(onFirst).toHaveBeenCalledTimes(1);
    expect(onSecond).not.toHaveBeenCalled();
    expect(exit).not.toHaveBeenCalled();
  });

  it('can still be stopped at once after a hangup', () => {
    const source = new EventEmitter();
    const [onSecond, exit] = [vi.fn(), vi.fn()];
    installInterrupt({ source, onSecond, exit });
    for (const signal of ['SIGHUP', 'SIGTERM', 'SIGTERM']) source.emit(signal);
    expect(onSecond).toHaveBeenCalledTimes(1);
    expect(exit).toHaveBeenCalledWith(143);
  });

  it('exits even when the last report throws', () => {
    const source = new EventEmitter();
    const exit = vi.fn();
    const onSecond = () => {
      throw new Error('terminal gone');
    };
    installInterrupt({ source, onSecond, exit });
    source.emit('SIGINT');
    expect(() => source.emit('SIGTERM')).toThrow('terminal gone');
    expect(exit).toHaveBeenCalledWith(143);
  });
});
