import { readPolicy, type Statement } from './policy-document.ts';

const allowing = (...Action: string[]) => JSON.stringify({ Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });

/** AWS's own policies, as far as they say something of what is enforced here. Every other one may be attached, and grants nothing. */
const documents: Readonly<Record<string, string>> = {
  AdministratorAccess: allowing('*'),
  PowerUserAccess: JSON.stringify({
    Statement: [{ Effect: 'Allow', NotAction: ['iam:*', 'organizations:*', 'account:*'], Resource: '*' }],
  }),
  ReadOnlyAccess: allowing(
    'ssm:Describe*',
    'ssm:Get*',
    'ssm:List*',
    'secretsmanager:Describe*',
    'secretsmanager:List*',
  ),
  AmazonSSMManagedInstanceCore: allowing('ssm:GetParameter', 'ssm:GetParameters'),
  AmazonSSMReadOnlyAccess: allowing('ssm:Describe*', 'ssm:Get*', 'ssm:List*'),
  AmazonSSMFullAccess: allowing('ssm:*'),
  SecretsManagerReadWrite: allowing('secretsmanager:*'),
};

/** The statements of a policy of AWS's own, by its ARN. */
export function managedStatements(arn: string): Statement[] {
  const name = arn.slice(arn.lastIndexOf('/') + 1);
  const document = Object.hasOwn(documents, name) ? documents[name] : undefined;
  return document === undefined ? [] : readPolicy(document);
}
