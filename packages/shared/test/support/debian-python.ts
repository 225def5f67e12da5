import { spawnSync } from 'node:child_process';

/** The distribution's own Python: another one that stands before it in the PATH does not see the distribution's packages. */
export const debianPython = '/usr/bin/python3';

/** Why tests with boto3 are skipped, for their titles; empty when they run. */
export const withoutBoto3 =
  spawnSync(debianPython, ['-c', 'import boto3']).status === 0
    ? ''
    : " (skipped: needs Debian's python3-boto3, npm run setup -- --with-tests)";
