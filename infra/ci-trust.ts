import { Duration } from 'aws-cdk-lib';
import { type IPrincipal, OidcProviderNative, WebIdentityPrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Fleet } from '../src/config/settings.ts';

/** An identity provider of CI jobs, and who of its jobs is meant. */
interface CiIdentity {
  /** Host and path of the provider, as IAM names it in conditions. */
  provider: string;
  audience: string;
  /** Exactly this subject: a pattern would let in forks or other branches. */
  subject: string;
  createProvider: boolean;
}

/** A release takes longer than the hour that a session lasts by default. */
export const ciSession = Duration.hours(4);

/** Which CI jobs may release a fleet. */
export function ciIdentities({ environment, infrastructure }: Fleet): CiIdentity[] {
  const { github, gitlab } = infrastructure;
  return [
    ...(github
      ? [
          {
            provider: 'token.actions.githubusercontent.com',
            audience: 'sts.amazonaws.com',
            // https://docs.github.com/actions/reference/openid-connect-reference: the subject of a job in an environment
            subject: `repo:${github.repository}:environment:${github.environment ?? environment}`,
            createProvider: github.createProvider,
          },
        ]
      : []),
    ...(gitlab
      ? [
          {
            provider: gitlab.host,
            audience: `https://${gitlab.host}`,
            // https://docs.gitlab.com/ci/secrets/id_token_authentication: the subject of a job for a branch
            subject: `project_path:${gitlab.project}:ref_type:branch:ref:${gitlab.branch}`,
            createProvider: gitlab.createProvider,
          },
        ]
      : []),
  ];
}

/** The principals of these jobs for the trust of a role in an account. */
export function ciPrincipals(
  fleet: Fleet,
  { partition, account }: { partition: string; account: string },
): IPrincipal[] {
  return ciIdentities(fleet).map(
    ({ provider, audience, subject }) =>
      new WebIdentityPrincipal(`arn:${partition}:iam::${account}:oidc-provider/${provider}`, {
        StringEquals: { [`${provider}:aud`]: audience, [`${provider}:sub`]: subject },
      }),
  );
}

/** Creates the identity providers that fleets of an environment ask for, each once. */
export function createProviders(scope: Construct, fleets: readonly Fleet[]): void {
  const wanted = new Map(
    fleets
      .flatMap(ciIdentities)
      .filter((one) => one.createProvider)
      .map((one) => [one.provider, one]),
  );
  for (const { provider, audience } of wanted.values()) {
    new OidcProviderNative(scope, `Provider-${provider}`, { url: `https://${provider}`, clientIds: [audience] });
  }
}
