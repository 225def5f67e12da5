import { afterAll, expect, vi } from 'vitest';

// Set-up of the projects whose files share a process: a file that leaves the process changed fails itself, instead of a
// later file that trips over the change.
const state = () => ({
  folder: process.cwd(),
  umask: process.umask(),
  environment: { ...process.env },
  fakeTimers: vi.isFakeTimers(),
  exitCode: process.exitCode,
});
const before = state();
afterAll(() => expect(state()).toEqual(before));
