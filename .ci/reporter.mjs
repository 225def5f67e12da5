// A reporter of vitest for .ci/tests.mjs: one JSON document with every test file, its project, how long it took with its
// hooks and imports (which vitest's own JSON report leaves out), and its tests.
// The file to write is in CI_TEST_REPORT.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

const messages = (errors) => (errors ?? []).map((error) => error.stack ?? error.message).join('\n');

export default class Reporter {
  #starts = new Map();
  #ends = new Map();

  onTestModuleQueued(module) {
    this.#starts.set(module.id, Date.now());
  }

  onTestModuleEnd(module) {
    this.#ends.set(module.id, Date.now());
  }

  onTestRunEnd(modules) {
    const files = modules.map((module) => {
      const end = this.#ends.get(module.id) ?? Date.now();
      return {
        file: relative(process.cwd(), module.moduleId),
        project: module.project.name,
        start: this.#starts.get(module.id) ?? end,
        end,
        // Outside of tests: the file could not be loaded, or a hook failed.
        error: messages([...module.errors(), ...[...module.children.allSuites()].flatMap((suite) => suite.errors())]),
        tests: [...module.children.allTests()].map((test) => ({
          // A test that skips itself has a note with the reason.
          name: test.result().note ? `${test.fullName} (${test.result().note})` : test.fullName,
          state: test.result().state,
          error: messages(test.result().errors),
        })),
      };
    });
    writeFileSync(process.env.CI_TEST_REPORT, JSON.stringify({ files }));
  }
}
