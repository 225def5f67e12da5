import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { addStacks, createApp } from '../../../infra/app.ts';
import { resolveFleet } from '../../../src/config/resolve.ts';
import type { Fleet } from '../../../src/config/settings.ts';
import { validate } from '../../../src/config/validate.ts';
import { minimal } from '../../config/support/project.ts';

/** A fleet on AWS with these settings, which must be right. */
export function awsFleet(settings: Record<string, unknown> = {}, app = 'api'): Fleet {
  const raw = {
    ...minimal(),
    environments: { production: { cloud: 'aws', region: 'eu-west-1' } },
    ledger: { path: 'ledger' },
    ...settings,
    app,
  };
  validate(raw, { app, file: `pipelines/${app}.ts`, projectDir: '/project' });
  return resolveFleet(raw, 'production', '/project');
}

/** The stacks of these fleets, each with its template as CloudFormation would get it. */
export function synthesiseStacks(...fleets: Fleet[]): { stack: Stack; template: Template }[] {
  const outdir = mkdtempSync(join(tmpdir(), 'gp-cdk-'));
  try {
    const app = createApp(outdir);
    addStacks(app, fleets);
    const stacks = app.node.children.filter((child) => child instanceof Stack);
    return stacks.map((stack) => ({ stack, template: Template.fromStack(stack) }));
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

/** The templates of these fleets by the name of their stack. */
export function synthesise(...fleets: Fleet[]): (stack: string) => Template {
  const stacks = synthesiseStacks(...fleets);
  return (name) => {
    const found = stacks.find(({ stack }) => stack.stackName === name);
    if (!found) throw new Error(`no stack ${name}`);
    return found.template;
  };
}
