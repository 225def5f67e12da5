import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { addStacks } from '../../../infra/app.ts';
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

/** The templates of these fleets by stack, as CloudFormation would get them. */
export function synthesise(...fleets: Fleet[]): (stack: string) => Template {
  const { context } = JSON.parse(readFileSync(new URL('../../../cdk.json', import.meta.url), 'utf8'));
  const app = new App({ context, analyticsReporting: false });
  addStacks(app, fleets);
  return (stack) => {
    const found = app.node.children.find((child) => child.node.id === stack);
    if (!found) throw new Error(`no stack ${stack}`);
    return Template.fromStack(found as Parameters<typeof Template.fromStack>[0]);
  };
}
