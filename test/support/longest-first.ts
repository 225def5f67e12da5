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
  // Of those that wait for a fleet, none is left alone at the end.
  'e2e/release-failures',
  'e2e/automatic-rollback',
  'e2e/blue-green',
  'e2e/secrets',
  'e2e/consumers',
  'e2e/tasks',
  'e2e/fast-rollback',
  'e2e/systemd',
  'e2e/node-versions',
  'e2e/idempotence',
  'e2e/readme',
  'e2e/base-image',
  'e2e/guides',
  'e2e/development',
  'e2e/guides-of-a-fleet',
  'e2e/release',
  'e2e/lost-identity',
  'e2e/ansible-release',
  'e2e/package',
  'e2e/lost-ledger',
  'e2e/automatic-rollback-latency',
  'e2e/local',
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
