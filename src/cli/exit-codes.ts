import type { Outcome } from '@golden-pipeline/shared/errors';

/** The process's exit code of each outcome; scripts rely on them. */
export const exitCodes: Readonly<Record<Outcome, number>> = {
  done: 0,
  /** Failed, and nothing had been changed. */
  failed: 1,
  /** Wrong flags, configuration, environment or values; nothing was changed. */
  usage: 2,
  /** Failed, and all changes were undone. */
  'rolled-back': 3,
  /** Failed, and something is left: the output says what, and the command to run. */
  'manual-intervention': 4,
  /** Another run holds the lock, or the app is on hold. */
  locked: 5,
  /** The question was answered with no. */
  declined: 6,
  /** Ctrl-C; SIGHUP gives 129 and SIGTERM 143 (see `exitCodeOf` of the interrupt). */
  interrupted: 130,
};
