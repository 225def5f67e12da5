import { signRequest } from '../wire/support/sign.ts';

interface Place {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

/** An answer of a service that speaks AWS JSON; `code` is that of a refusal. */
// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
export type JsonAnswer = Record<string, any> & { code?: string };

/** Calls Secrets Manager as its clients do. */
export async function secretsManager(
  { endpoint, region, credentials }: Place,
  operation: string,
  input: object,
): Promise<JsonAnswer> {
  const body = JSON.stringify(input);
  const { sessionToken } = credentials;
  const headers = signRequest({
    ...{ service: 'secretsmanager', region, at: Date.now(), host: new URL(endpoint).host, credentials, body },
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `secretsmanager.${operation}`,
      ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
    },
  });
  const response = await fetch(endpoint, { method: 'POST', headers, body });
  const answer = (await response.json()) as JsonAnswer;
  return response.ok ? answer : { ...answer, code: answer.__type };
}
