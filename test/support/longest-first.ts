import path from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The files that take longest, in that order, below test/. Where no earlier run is known Vitest goes by size, and what takes longest is
 * short: transcripts, programs of others, random inputs.
 */
const longest = [
  'steps/retention/model',
  'local-cloud/clients/ansible',
  'local-cloud/s3/aws-cli',
  'operations/rollback-calls',
  'local-cloud/clients/boto3',
  'local-cloud/behaviour/large-fleet',
  'local-cloud/elb/haproxy/driver',
  'ansible/playbook',
  'infra/deploy-after-release',
  // Those under load with others between them: two loads at once take what a release needs.
  'e2e/automatic-rollback',
  'e2e/idempotence',
  'e2e/consumers',
  'e2e/blue-green',
  'e2e/systemd',
  'e2e/readme',
  'e2e/release-failures',
  'e2e/guides-of-a-fleet',
  'e2e/fast-rollback',
  'e2e/ansible-release',
  'e2e/node-versions',
  'e2e/guides',
  'e2e/package',
  'e2e/release',
  'e2e/command-line',
  'e2e/base-image',
].map((name) => path.resolve(import.meta.dirname, '..', `${name}.test.ts`));

/** Starts the longest files of each group first, so that its workers end at about the same time. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = longest.indexOf(moduleId);
      return at === -1 ? longest.length : at;
    };
    const groupOrder = ({ project }: TestSpecification) => project.config.sequence.groupOrder;
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => groupOrder(a) - groupOrder(b) || rank(a) - rank(b));
  }
}
