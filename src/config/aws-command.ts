import type { Fleet } from './settings.ts';

/**
 * A command of the AWS CLI that a user can run for this fleet. For a fleet of the local cloud it uses `pipeline local
 * aws`, which sets the endpoint and the keys.
 * @param args Service, operation and options, e.g. `autoscaling resume-processes ...`.
 */
export function awsCommand(
  { cloud, region }: Pick<Fleet, 'cloud'> & Partial<Pick<Fleet, 'region'>>,
  args: string,
): string {
  if (cloud === 'local') return `pipeline local aws ${args}`;
  // The CLI's own default may be another region, where the same name means nothing or something else.
  return region === undefined ? `aws ${args}` : `aws --region ${region} ${args}`;
}

/**
 * How to find out who made a call, as details of an error: of what AWS keeps, only CloudTrail tells. Empty for a fleet of the local cloud,
 * which has none.
 * @param operation E.g. `SuspendProcesses`, which is the name of the event, too.
 */
export function whoCalled({ cloud, region }: Pick<Fleet, 'cloud' | 'region'>, operation: string): string[] {
  if (cloud === 'local') return [];
  const attribute = `AttributeKey=EventName,AttributeValue=${operation}`;
  return [
    `who did it: aws cloudtrail lookup-events --region ${region} --lookup-attributes ${attribute} --max-results 5`,
  ];
}

/** How the settings of a file are applied to a fleet, for texts; `overwrite`: also over what was changed in the cloud, where that is possible. */
export function applyCommand({ cloud, app, environment }: Pick<Fleet, 'cloud' | 'app' | 'environment'>): {
  apply: string;
  overwrite?: string;
} {
  if (cloud === 'local') return { apply: 'pipeline local up', overwrite: 'pipeline local up --overwrite' };
  return { apply: `pipeline infra deploy ${app}-${environment}` };
}

/** What gives the instances of a fleet the role that reads secrets, for texts. */
export function instanceRoleFix({ cloud }: Pick<Fleet, 'cloud'>): string {
  return cloud === 'local'
    ? 'only a new fleet gets one: pipeline local reset, which removes this one with its images, then pipeline local up'
    : 'deploy the infrastructure, which makes the role, then release once more from the base image: --from-base';
}
