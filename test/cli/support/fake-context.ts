import { EventEmitter } from 'node:events';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import type { CliContext, Output } from '../../../src/cli/context.ts';

/** Keeps what is written. */
export class Written implements Output {
  text = '';
  readonly isTTY: boolean;

  constructor(isTTY = false) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.text += text;
  }
}

/** A process of its own for one command: no terminal unless said so. */
export function fakeContext(
  argv: string[],
  changes: Partial<Omit<CliContext, 'stdout' | 'stderr' | 'signals'>> & { signals?: EventEmitter } = {},
): CliContext & { stdout: Written; stderr: Written; exits: number[]; signals: EventEmitter } {
  const exits: number[] = [];
  return {
    argv,
    env: {},
    cwd: '/',
    interactive: false,
    signals: new EventEmitter(),
    clock: new ManualClock(),
    exit: (code) => void exits.push(code),
    ...changes,
    stdout: new Written(),
    stderr: new Written(),
    exits,
  };
}
