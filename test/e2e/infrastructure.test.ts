import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { awsFleet, synthesise } from '../infra/support/synth.ts';

const root = path.resolve(import.meta.dirname, '../..');
const linter = (await execa('cfn-lint', ['--version'], { reject: false })).exitCode === 0;

let out: string;
beforeEach(async () => {
  out = await mkdtemp(path.join(tmpdir(), 'gp-cdk-'));
});
afterEach(() => rm(out, { recursive: true, force: true }));

/** `cdk synth` as a person calls it, on a machine without credentials. */
const synth = () =>
  execa('npx', ['--no-install', 'cdk', 'synth', '--quiet', '--output', out], {
    cwd: root,
    env: {
      AWS_ACCESS_KEY_ID: '',
      AWS_PROFILE: '',
      AWS_EC2_METADATA_DISABLED: 'true',
      CDK_DISABLE_CLI_TELEMETRY: 'true',
    },
    reject: false,
    all: true,
  });

describe('the infrastructure app', () => {
  it("synthesizes the project's fleets offline, and CloudFormation's rules find nothing", async () => {
    const { exitCode, all } = await synth();
    expect(all).not.toMatch(/error|warning/i);
    expect(exitCode).toBe(0);
    const templates = (await readdir(out)).filter((name) => name.endsWith('.template.json'));
    expect(templates.sort()).toEqual([
      'api-production.template.json',
      'api-staging.template.json',
      'frontend-production.template.json',
      'golden-pipeline-production.template.json',
      'golden-pipeline-staging.template.json',
      'heracles-production.template.json',
    ]);
    const report = JSON.parse(await readFile(path.join(out, 'validation-report.json'), 'utf8'));
    expect(report.pluginReports).toEqual([]);
  });

  it.skipIf(!linter)(`is clean under cfn-lint${linter ? '' : ' (skipped: cfn-lint is not installed)'}`, async () => {
    await synth();
    const templates = (await readdir(out)).filter((name) => name.endsWith('.template.json'));
    const { exitCode, all } = await execa('cfn-lint', templates, { cwd: out, reject: false, all: true });
    expect(all).toBe('');
    expect(exitCode).toBe(0);
  });

  it.skipIf(!linter)(
    `is clean with everything that a configuration may request${linter ? '' : ' (skipped)'}`,
    async () => {
      const principal = 'arn:aws:iam::123456789012:role/ci';
      const fleet = awsFleet({
        ledger: { type: 's3', bucket: 'team-ledger' },
        release: { strategy: 'blue-green' },
        balancer: { listenerPort: 443 },
        infrastructure: {
          deployPrincipals: [principal],
          baseBuildPrincipals: [principal],
          sshCidrs: ['10.0.0.0/16'],
          certificateArn: 'arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012',
          volumeInitializationRate: 200,
          alarms: { topicArn: 'arn:aws:sns:eu-west-1:123456789012:nights' },
        },
      });
      const stacks = ['golden-pipeline-production', 'api-production'];
      const template = synthesise(fleet);
      for (const name of stacks)
        await writeFile(path.join(out, `${name}.json`), JSON.stringify(template(name).toJSON()));
      const files = stacks.map((name) => `${name}.json`);
      const { exitCode, all } = await execa('cfn-lint', files, { cwd: out, reject: false, all: true });
      expect(all).toBe('');
      expect(exitCode).toBe(0);
    },
  );
});
