import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { installInterrupt } from '../../src/run/interrupt.ts';

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
