import { IAMClient } from '@aws-sdk/client-iam';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { Clock } from '@golden-pipeline/shared/clock';
import { steadyClock } from '@golden-pipeline/shared/testing/steady-clock';
import { VirtualClock } from '@golden-pipeline/shared/virtual-clock';
import {
  type DirectCloud,
  type DirectCloudOptions,
  startDirectCloud,
  startLocalCloud,
} from 'golden-pipeline-local-cloud';
import { type AwsClients, createClients } from '../../src/aws/clients.ts';
import { readSecretStates, type SecretClients } from '../../src/aws/secrets.ts';
import type { Fleet } from '../../src/config/settings.ts';
import type { DoctorServices } from '../../src/doctor/services.ts';
import type { Connection } from '../../src/engine/connection.ts';
import type { Services } from '../../src/fleet/services.ts';
import { createLedger } from '../../src/ledger/ledger.ts';
import { operations, versionChangers } from '../../src/runner/operations.ts';
import { createMemoryStore } from './memory-store.ts';

/** Every port that the product opens for a fleet. */
export interface TestServices extends Services, DoctorServices {}

/** What a test sees of its cloud. */
export interface Place extends Pick<DirectCloud, 'region' | 'faults' | 'calls'> {
  endpoint: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  /** More clients, without the middleware that a test has added to the others; with a connection, those of a run. */
  newClients(connection?: Connection): AwsClients;
  secretClients(): SecretClients;
  /** The cloud's own records; only where it is in this process and on virtual time. */
  state?: DirectCloud['state'];
  close(): unknown;
}

type Opened = Pick<DirectCloudOptions, 'seed' | 'delays' | 'report'>;

/** A simulated cloud in this process, on virtual time. */
export async function direct({ seed, delays, report }: Opened): Promise<{ cloud: Place; clock: Clock }> {
  const clock = new VirtualClock();
  const started = await startDirectCloud({ clock, seed, delays, report });
  const credentials = { accessKeyId: 'direct', secretAccessKey: 'direct' };
  const newClients = (connection?: Connection) => {
    const clients = createClients({ region: started.region, credentials }, connection);
    const all = { ...clients, iam: new IAMClient({ region: 'us-east-1', credentials }) };
    for (const client of Object.values(all)) started.connect(client);
    return all;
  };
  const secretClients = () => ({
    ssm: started.connect(new SSMClient({ region: started.region, credentials })),
    secretsManager: started.connect(new SecretsManagerClient({ region: started.region, credentials })),
  });
  return { cloud: { ...started, endpoint: 'http://direct.invalid', credentials, newClients, secretClients }, clock };
}

/** A simulated cloud on the wire, on time that is 20 times as fast as the host's. */
export async function onTheWire({
  dir,
  delays,
  report,
}: Opened & { dir: string }): Promise<{ cloud: Place; clock: Clock }> {
  const clock = steadyClock(20);
  const cloud = await startLocalCloud({ dir, driver: 'simulated', clock, delays, report });
  const { endpoint, region, credentials } = cloud;
  const target = { region, endpoint, credentials };
  const secretClients = () => ({ ssm: new SSMClient(target), secretsManager: new SecretsManagerClient(target) });
  return { cloud: { ...cloud, newClients: (connection) => createClients(target, connection), secretClients }, clock };
}

/** The ports of a fleet of simulated instances: no host is reached, and every request is answered. */
export function testServices({
  fleet,
  cloud,
  aws,
  clock,
  dir,
  connection,
}: {
  fleet: Fleet;
  cloud: Pick<Place, 'secretClients'>;
  aws: AwsClients;
  clock: Clock;
  dir: string;
  connection?: Connection;
}): TestServices {
  const refused = () => Promise.reject(new Error('no instance is reached here'));
  const secrets = cloud.secretClients();
  return {
    fleet,
    aws,
    ...(connection && { connection }),
    elsewhere: () => [],
    hosts: {
      waitReachable: refused,
      forget: async () => undefined,
      inspect: refused,
      play: refused,
      run: refused,
      stream: refused,
      attach: refused,
      close: async () => undefined,
    },
    ledger: createLedger(createMemoryStore(), {
      environment: 'local',
      clock,
      identity: { owner: 'tester', host: 'here' },
    }),
    secretStates: (wanted) => readSecretStates(secrets, wanted),
    probe: async () => ({ status: 200, body: '', ms: 1 }),
    vcpuQuota: async () => 1000,
    ownAddress: async () => '192.0.2.7',
    identity: async () => ({ account: '000000000000', arn: 'arn:aws:iam::000000000000:user/test' }),
    workDir: dir,
    by: 'tester@here',
    changesVersion: versionChangers(operations),
  };
}
