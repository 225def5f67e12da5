import { usageError } from '@golden-pipeline/shared/errors';
import { execa } from 'execa';
import { projectDir } from '../../config/project-dir.ts';
import { cdkCommand } from '../../project/cdk.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';

/** `pipeline infra <verb> [words]`: that command of the AWS CDK on the project's fleets; its exit code is this one's. */
export const infraCommand = (verb: string): CommandModule => ({
  async run(context, args, options) {
    const folder = projectDir(context, options);
    if (options.env !== undefined) {
      const fix = `name stacks instead, e.g. pipeline infra ${verb} api-${options.env}`;
      throw usageError('infra.env', `--env ${options.env}: infra ${verb} takes stacks, not an environment`, fix);
    }
    const words = [...args.filter((word) => word !== undefined), ...sharedOptions(options)];
    const [program = '', ...argv] = cdkCommand({ projectDir: folder, node: process.execPath }, verb, words);
    const result = await execa(program, argv, { cwd: folder, stdio: 'inherit', reject: false });
    return result.exitCode ?? exitCodes.failed;
  },
});

/** Options of every command that the CDK has too. */
function sharedOptions({ json, yes, debug, color }: CommandOptions): string[] {
  return [
    ...(json ? ['--json'] : []),
    ...(yes ? ['--yes'] : []),
    ...(debug ? ['--debug'] : []),
    ...(color === false ? ['--no-color'] : []),
  ];
}
