import { signRequest } from '../wire/support/sign.ts';

interface Place {
  endpoint: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

/** An answer of IAM: its document, and the code of a refusal. */
export interface IamAnswer {
  text: string;
  code?: string;
  /** The text of the first element of a name, unescaped. */
  value(name: string): string | undefined;
  /** The texts of all elements of a name. */
  values(name: string): string[];
}

/** Calls IAM as its clients do: signed by hand, parameters as the query protocol names them. */
export async function iam(place: Place, Action: string, parameters: Record<string, string> = {}): Promise<IamAnswer> {
  const { endpoint, credentials } = place;
  const body = new URLSearchParams({ Action, Version: '2010-05-08', ...parameters }).toString();
  const headers = signRequest({
    ...{ service: 'iam', region: 'us-east-1', at: Date.now(), host: new URL(endpoint).host, credentials, body },
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  const response = await fetch(endpoint, { method: 'POST', headers, body });
  const text = await response.text();
  const values = (name: string) =>
    [...text.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, found = '']) => found);
  const value = (name: string) => values(name)[0];
  return { text, value, values, code: response.ok ? undefined : value('Code') };
}

/** A trust policy for a service or a principal of AWS. */
export function trusting(principal: object): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }],
  });
}

export const trustingEc2 = trusting({ Service: 'ec2.amazonaws.com' });

/** A policy of one statement. */
export function allowing(Action: string | string[], Resource: string | string[] = '*'): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource }] });
}

/** Makes a role with a policy, and an instance profile of the same name that holds it. */
export async function makeProfile(place: Place, name: string, policy: string, trust = trustingEc2): Promise<void> {
  await iam(place, 'CreateRole', { RoleName: name, AssumeRolePolicyDocument: trust });
  await iam(place, 'PutRolePolicy', { RoleName: name, PolicyName: 'own', PolicyDocument: policy });
  await iam(place, 'CreateInstanceProfile', { InstanceProfileName: name });
  await iam(place, 'AddRoleToInstanceProfile', { InstanceProfileName: name, RoleName: name });
}
