import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { ownFile } from '@golden-pipeline/shared/own-files';
import { shellCommand } from '../hosts/quote.ts';

/** What the infrastructure app needs besides this product; a team that makes its fleets by other means needs none of it. */
const packages = { 'aws-cdk': 'aws-cdk@2', 'aws-cdk-lib': 'aws-cdk-lib@2', constructs: 'constructs@10' };

/**
 * The program and the words that run the AWS CDK on the infrastructure app.
 * @param from.projectDir where the project's own packages are looked for
 * @param from.node the program that runs Node
 * @param verb command of the CDK, e.g. `synth`
 * @param words what follows it: names of stacks, options of the CDK
 * @throws usage error `infra.cdk-missing` naming all packages that are missing; `infra.not-built`
 */
export function cdkCommand(
  { projectDir, node }: { projectDir: string; node: string },
  verb: string,
  words: readonly string[],
): string[] {
  // The app imports these two itself, so they must be found from where it is; the CDK's command line may be in either place.
  const own = import.meta.url;
  const cdk = packageFile('aws-cdk', [join(projectDir, 'package.json'), own]);
  const missing = [
    ...(cdk === undefined ? (['aws-cdk'] as const) : []),
    ...(['aws-cdk-lib', 'constructs'] as const).filter((name) => packageFile(name, [own]) === undefined),
  ];
  if (cdk === undefined || missing.length > 0) {
    const fix = `npm install --save-dev ${missing.map((name) => packages[name]).join(' ')}`;
    throw usageError('infra.cdk-missing', `not installed: ${missing.join(', ')}`, fix);
  }
  const app = ownFile(['infra.js', 'dist/infra.js']);
  if (app === undefined) {
    throw new PipelineError('infra.not-built', 'the infrastructure app is not built: there is no dist/infra.js', {
      fix: 'npm run build',
    });
  }
  const { bin } = JSON.parse(readFileSync(cdk, 'utf8')) as { bin: { cdk: string } };
  const output = words.some((word) => /^(-o|--output)(=|$)/.test(word)) ? [] : ['--output', '.pipeline/cdk.out'];
  // The CDK gives the app to a shell.
  const start = shellCommand([node, app]);
  return [node, join(dirname(cdk), bin.cdk), verb, '--app', start, ...output, ...words];
}

/** The `package.json` of a package as one of these files would find it. */
function packageFile(name: string, from: readonly string[]): string | undefined {
  for (const file of from) {
    try {
      return createRequire(file).resolve(`${name}/package.json`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  return undefined;
}
