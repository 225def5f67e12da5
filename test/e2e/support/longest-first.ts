import path from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The e2e files that take longest, in that order. Where no earlier run is known Vitest goes by size, and transcripts are short files. */
const longest = ['guides', 'readme', 'blue-green', 'automatic-rollback', 'base-image', 'guides-of-a-fleet'];

/** Starts the longest e2e files first, so that the workers end at about the same time. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project, moduleId }: TestSpecification) => {
      const at = project.name === 'e2e' ? longest.indexOf(path.basename(moduleId, '.test.ts')) : -1;
      return at === -1 ? longest.length : at;
    };
    const groupOrder = ({ project }: TestSpecification) => project.config.sequence.groupOrder;
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => groupOrder(a) - groupOrder(b) || rank(a) - rank(b));
  }
}
