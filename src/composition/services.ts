import { mkdtemp, rm } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { readCloud } from 'golden-pipeline-local-cloud/client';
import { type AwsTarget, createClients, endpointTarget } from '../aws/clients.ts';
import { consoleOutput } from '../aws/instances.ts';
import { createMetrics } from '../aws/metrics.ts';
import type { SecretState } from '../aws/secrets.ts';
import type { Fleet } from '../config/settings.ts';
import type { DoctorServices } from '../doctor/services.ts';
import { Connection } from '../engine/connection.ts';
import type { RegionClients, Services } from '../fleet/services.ts';
import { createHosts } from '../hosts/index.ts';
import { httpProbe } from '../hosts/probe.ts';
import { operations, versionChangers } from '../runner/operations.ts';
import { awsSettings, localEndpoint } from './aws-environment.ts';
import { openLedger } from './ledger.ts';
import { localCloudDir, type Surroundings, whoWorks } from './surroundings.ts';

/** The ports of a fleet, and their end. */
export interface OpenServices extends Services, DoctorServices {
  /** Where the cloud is, for programs of others. */
  target: AwsTarget;
  close(): Promise<void>;
}

/**
 * Builds the ports for a fleet. Only this module knows where an environment's cloud is: for the rest the local cloud is
 * an endpoint like any other.
 * @throws PipelineError `local.not-running` when the environment is local and its cloud is down.
 */
export async function createServices(context: Surroundings, fleet: Fleet): Promise<OpenServices> {
  const where = cloudTarget(context, fleet);
  const connection = new Connection({ clock: context.clock, limitMs: fleet.release.timeouts.connection * 1000 });
  const aws = createClients(where, connection);
  let others: RegionClients[] | undefined;
  // A short path, as the SSH control sockets in it must fit in 108 characters.
  const workDir = await mkdtemp(path.join(tmpdir(), 'gp-'));
  const { owner, host } = whoWorks(context);
  const by = `${owner}@${host}`;
  const hosts = createHosts({
    ssh: fleet.ssh,
    ansible: fleet.ansible,
    region: fleet.region,
    projectDir: fleet.projectDir,
    runDir: workDir,
    consoleOutput: (id) => consoleOutput(aws.ec2, id),
    clock: context.clock,
  });
  const metrics = createMetrics(where);
  const { ledger, close: closeLedger } = await openLedger(context, fleet, where, connection);
  return {
    fleet,
    target: { ...where, endpoint: where.endpoint ?? context.env.AWS_ENDPOINT_URL },
    aws,
    connection,
    elsewhere: () => {
      others ??= fleet.release.copyRegions.map((region) => ({
        region,
        aws: createClients(cloudTarget(context, fleet, region), connection),
      }));
      return others;
    },
    hosts,
    ledger,
    secretStates: (secrets) => secretStates(where, secrets),
    probe: httpProbe,
    metrics,
    workDir,
    identity: () => readIdentity(where),
    vcpuQuota: () => readQuota(where, 'vcpuQuota'),
    unitQuota: () => readQuota(where, 'unitQuota'),
    ownAddress: () => ownAddress(where.endpoint ?? context.env.AWS_ENDPOINT_URL),
    by,
    changesVersion: versionChangers(operations),
    async close() {
      await hosts.close();
      closeLedger();
      metrics.close();
      for (const clients of [aws, ...(others ?? []).map((other) => other.aws)]) {
        for (const client of Object.values(clients)) client.destroy();
      }
      await rm(workDir, { recursive: true, force: true });
    },
  };
}

/** Loaded on demand, as few commands need it. */
async function readQuota(where: AwsTarget, which: 'vcpuQuota' | 'unitQuota'): Promise<number | undefined> {
  const [{ ServiceQuotasClient }, quotas] = await Promise.all([
    import('@aws-sdk/client-service-quotas'),
    import('../aws/quotas.ts'),
  ]);
  const client = new ServiceQuotasClient(where);
  try {
    return await quotas[which](client);
  } finally {
    client.destroy();
  }
}

/** Loaded on demand like {@link readQuota}, as most fleets and commands need none. */
async function secretStates(where: AwsTarget, secrets: Fleet['secrets']): Promise<SecretState[]> {
  const [{ SSMClient }, { SecretsManagerClient }, { readSecretStates }] = await Promise.all([
    import('@aws-sdk/client-ssm'),
    import('@aws-sdk/client-secrets-manager'),
    import('../aws/secrets.ts'),
  ]);
  const clients = { ssm: new SSMClient(where), secretsManager: new SecretsManagerClient(where) };
  try {
    return await readSecretStates(clients, secrets);
  } finally {
    for (const client of Object.values(clients)) client.destroy();
  }
}

async function readIdentity(where: AwsTarget): Promise<{ account: string; arn: string }> {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient(where);
  try {
    const { Account, Arn } = await client.send(new GetCallerIdentityCommand({}));
    return { account: Account ?? '', arn: Arn ?? '' };
  } finally {
    client.destroy();
  }
}

/** This computer's address as the cloud sees it, for the rule of a security group. */
async function ownAddress(endpoint: string | undefined): Promise<string> {
  const url = endpoint === undefined ? 'https://checkip.amazonaws.com/' : new URL('/_local/address', endpoint).href;
  const answer = await httpProbe(url, { timeoutMs: 5000 }).catch((error: unknown) => ({
    status: 0,
    body: String(error),
  }));
  const address = answer.body.trim();
  if (answer.status === 200 && isIPv4(address)) return address;
  throw new PipelineError('address.unknown', `${url} does not say which address this computer has`, {
    fix: 'name the address yourself: --from 192.0.2.7',
  });
}

/**
 * Endpoint, region and credentials of the fleet's cloud; `other` names another region.
 * @throws PipelineError `local.not-running`; usage errors `aws.environment`, `local.folder`
 */
export function cloudTarget(
  context: Surroundings,
  fleet: Pick<Fleet, 'cloud' | 'region' | 'projectDir' | 'app' | 'environment'>,
  other?: string,
): AwsTarget {
  // The SDK itself uses AWS_ENDPOINT_URL for AWS; either way with the credentials of the environment.
  if (fleet.cloud === 'aws') return { region: other ?? fleet.region, ...awsSettings(context.env) };
  const named = localEndpoint(context.env);
  if (named !== undefined) return endpointTarget({ region: other ?? fleet.region, endpoint: named });
  const cloud = readCloud(localCloudDir(context, () => fleet.projectDir));
  if (cloud) {
    const { endpoint, accessKeyId, secretAccessKey } = cloud;
    return endpointTarget({
      region: other ?? cloud.region,
      endpoint,
      credentials: { accessKeyId, secretAccessKey },
    });
  }
  throw new PipelineError(
    'local.not-running',
    `the local cloud is not running, and ${fleet.app} in ${fleet.environment} lives there`,
    {
      fix: 'start it: pipeline local up',
    },
  );
}
