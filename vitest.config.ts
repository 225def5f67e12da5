import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/e2e/support/longest-first.ts';

// Two projects: `unit` mirrors src/ and needs no machines; `e2e` runs real sandboxes, sshd, Ansible and HAProxy.
export default defineConfig({
  resolve: { alias: { 'golden-pipeline': new URL('./src/index.ts', import.meta.url).pathname } },
  test: {
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    sequence: { sequencer: LongestFirst },
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reporter: ['text-summary', 'json-summary'] },
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/e2e/**'], testTimeout: 20_000 },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 240_000,
          // The first file that needs the golden world waits for it in a hook, before it makes its own.
          hookTimeout: 480_000,
          // A status of the fleet alone takes a second on a busy machine.
          expect: { poll: { timeout: 15_000 } },
          fileParallelism: true,
          maxWorkers: 2,
          // Vitest wants another group where the number of workers is another.
          sequence: { groupOrder: 1 },
          globalSetup: ['test/e2e/support/build.ts', 'test/e2e/support/golden-setup.ts'],
        },
      },
    ],
  },
});
