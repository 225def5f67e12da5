import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';
import { memoryFolder } from './test/support/memory-folder.ts';
import { testProjects } from './test/support/test-projects.ts';

const files = testProjects();

// Workers and what they start take it from here.
process.env.TMPDIR ??= memoryFolder() ?? tmpdir();
// The programs that the set-up installs, before others of their names: a version manager's python3 takes eight times as long to start.
process.env.PATH = [dirname(process.execPath), '/usr/sbin', '/usr/bin', '/sbin', '/bin', process.env.PATH].join(':');

// What most files need is loaded once for a worker, which saves more than half of the processor time of a small file.
const shared = {
  isolate: false,
  setupFiles: ['test/support/unchanged-process.ts'],
  // Many files wait for programs or for time, so there are more workers than processors.
  maxWorkers: 3,
  // Only a test that hangs may meet these, on a busy host too.
  testTimeout: 60_000,
  hookTimeout: 60_000,
  sequence: { groupOrder: 0 },
};

// Three projects: `unit` mirrors src/ and packages/, `simulated` starts local clouds with simulated machines, `e2e` runs real sandboxes,
// sshd, Ansible and HAProxy, under load. The first two run together, and e2e after them, on a quiet host.
export default defineConfig({
  resolve: { alias: { 'golden-pipeline': new URL('./src/index.ts', import.meta.url).pathname } },
  test: {
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    sequence: { sequencer: LongestFirst },
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'packages/*/src/**/*.ts'],
      reporter: ['text-summary', 'json-summary'],
    },
    projects: [
      { extends: true, test: { name: 'unit', include: files.unit, ...shared } },
      { extends: true, test: { name: 'simulated', include: files.simulated, ...shared } },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: files.e2e,
          // As above. The first file that needs the golden world waits for it in a hook, before it makes its own.
          testTimeout: 1_200_000,
          hookTimeout: 1_200_000,
          // A status of the fleet alone takes a second on a busy machine.
          expect: { poll: { timeout: 15_000 } },
          // A file keeps one processor busy about half of the time: it waits for boots, health checks and measured windows.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          globalSetup: ['test/e2e/support/build.ts', 'test/e2e/support/golden-setup.ts'],
        },
      },
    ],
  },
});
