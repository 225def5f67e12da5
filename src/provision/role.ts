import type { IAMClient } from '@aws-sdk/client-iam';
import { secretsPolicy } from '../aws/secrets-policy.ts';
import type { Fleet } from '../config/settings.ts';

const policyName = 'secrets';

/**
 * Creates or updates the role of the fleet's instances, which may read exactly the fleet's secrets. Returns the name of
 * its instance profile.
 */
export async function ensureInstanceProfile(iam: IAMClient, fleet: Fleet): Promise<string> {
  const {
    AddRoleToInstanceProfileCommand,
    CreateInstanceProfileCommand,
    CreateRoleCommand,
    DeleteRolePolicyCommand,
    PutRolePolicyCommand,
  } = await import('@aws-sdk/client-iam');
  const name = `${fleet.names.group}-instances`;
  const trust = { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const RoleName = name;
  const InstanceProfileName = name;
  await unless(
    'EntityAlreadyExists',
    iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document([trust]) })),
  );
  await unless('EntityAlreadyExists', iam.send(new CreateInstanceProfileCommand({ InstanceProfileName })));
  // An instance profile has one role.
  await unless('LimitExceeded', iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName })));
  const statements = secretsPolicy(fleet, { partition: 'aws', region: fleet.region, account: '*' });
  const PolicyName = policyName;
  if (statements.length > 0) {
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: document(statements) }));
  } else {
    await unless('NoSuchEntity', iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
  }
  return name;
}

function document(statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

/** Awaits a call that may be refused because there is nothing to do. */
async function unless(code: string, call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof Error) || !error.name.startsWith(code)) throw error;
  }
}
