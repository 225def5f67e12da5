import type { RunContext } from '../engine/step.ts';

/** How much of a command's output becomes events: a log of gigabytes must not fill the ledger or a terminal. */
const maxLines = 1000;
const maxCharacters = 256 * 1024;
/** A line without an end, such as that of a binary file, is cut here. */
const maxLineCharacters = 2000;

export interface OutputSink {
  /** Whole lines. */
  write(text: string): void;
  /** Bytes that are not there any more. */
  skipped(bytes: number): void;
  /** Nothing more is shown. */
  readonly full: boolean;
}

/** Passes the lines of a command on as events, up to a limit. */
export function outputLimit({ output, note }: Pick<RunContext<unknown, object>, 'output' | 'note'>): OutputSink {
  let lines = 0;
  let characters = 0;
  let full = false;
  return {
    get full() {
      return full;
    },
    write(text) {
      for (const line of text === '' ? [] : text.replace(/\n$/, '').split('\n')) {
        if (full) return;
        if (lines >= maxLines || characters >= maxCharacters) {
          full = true;
          note('there is more output, which is not shown; its last lines are kept with the run');
          return;
        }
        const shown = line.length > maxLineCharacters ? `${line.slice(0, maxLineCharacters)}...` : line;
        lines++;
        characters += shown.length;
        output(shown);
      }
    },
    skipped(bytes) {
      if (!full) note(`${bytes} bytes of output came too fast to be shown`);
    },
  };
}
