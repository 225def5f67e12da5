import path from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The files that take longest, in that order. Where no earlier run is known Vitest goes by size, and what takes longest is
 * short: transcripts, programs of others, random inputs.
 */
const longest = [
  'test/retention/model',
  'packages/local-cloud/test/clients/ansible',
  'packages/local-cloud/test/s3/aws-cli',
  'test/rollback/calls',
  'packages/local-cloud/test/clients/boto3',
  'packages/local-cloud/test/behaviour/large-fleet',
  'packages/local-cloud/test/elb/haproxy/driver',
  'test/ansible/playbook',
  'test/infra/deploy-after-release',
  // Of those that wait for a fleet, none is left alone at the end.
  'test/e2e/release-failures',
  'test/e2e/automatic-rollback',
  'test/e2e/blue-green',
  'test/e2e/secrets',
  'test/e2e/consumers',
  'test/e2e/tasks',
  'test/e2e/fast-rollback',
  'test/e2e/systemd',
  'test/e2e/node-versions',
  'test/e2e/idempotence',
  'test/e2e/readme',
  'test/e2e/base-image',
  'test/e2e/guides',
  'test/e2e/development',
  'test/e2e/guides-of-a-fleet',
  'test/e2e/release',
  'test/e2e/lost-identity',
  'test/e2e/ansible-release',
  'test/e2e/package',
  'test/e2e/lost-ledger',
  'test/e2e/automatic-rollback-latency',
  'test/e2e/local',
].map((name) => path.resolve(import.meta.dirname, '../..', `${name}.test.ts`));

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
