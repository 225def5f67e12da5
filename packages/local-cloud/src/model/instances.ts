import type { Tags } from './tags.ts';
import type { RootVolumeRecord } from './volumes.ts';

export type InstanceStateName = 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';

export interface InstanceRecord {
  id: string;
  imageId: string;
  instanceType: string;
  state: InstanceStateName;
  /** Why it left its state, as in DescribeInstances' StateReason. */
  stateReason?: { code: string; message: string };
  /** Its own address in 127.0.0.0/8, kept for life. */
  address: string;
  availabilityZone: string;
  subnetId: string;
  vpcId: string;
  keyName?: string;
  securityGroupIds: string[];
  /** Base64, as received. */
  userData?: string;
  launchTime: number;
  terminatedAt?: number;
  tags: Tags;
  launchTemplate?: { id: string; version: number };
  volumeId: string;
  clientToken?: string;
  reservationId: string;
  consoleOutput?: string;
  disableApiTermination?: boolean;
  /** ARN. */
  iamInstanceProfile?: string;
  /** Id of the profile, and of its association; absent in records of before. */
  iamInstanceProfileId?: string;
  iamAssociationId?: string;
  /** Place in its reservation, from 0. */
  launchIndex?: number;
  /** Digest of the launch request, to tell a repetition from a different request with the same token. */
  clientTokenDigest?: string;
  /** As in DescribeInstances' StateTransitionReason. */
  stateTransitionReason?: string;
  /** authorized_keys line of its key pair, kept because the key pair may be deleted while the instance lives. */
  publicKey?: string;
  /** The driver holds a disk for it. */
  hasDisk?: boolean;
  /** It has been `running` before: a boot that fails then stops it, and does not terminate it. */
  hasRun?: boolean;
  /** Settings of its root volume; absent for one that was launched when all had the same. */
  root?: RootVolumeRecord;
  /** What else its launch asked for. */
  options?: InstanceOptions;
  shutdownBehavior?: 'stop' | 'terminate';
  /** Tags of its root volume. */
  volumeTags?: Tags;
  /** Id under which the driver keeps its image's data, where that is not the image's own. */
  imageDataId?: string;
  /** Of its metadata service, in the SDK's shape; only what was requested. */
  metadataOptions?: Record<string, unknown>;
}

/** What a launch may ask of an instance beside what it is: kept and shown, with no effect on its machine unless said. */
export interface InstanceOptions {
  ebsOptimized?: boolean;
  monitoring?: boolean;
  tenancy?: 'default' | 'dedicated';
  cpuCredits?: 'standard' | 'unlimited';
  cpu?: { cores: number; threads: number };
  enclave?: boolean;
  /** StopInstances is refused. */
  disableApiStop?: boolean;
  autoRecovery?: 'default' | 'disabled';
  /** `resource-name` names the host after its instance id. */
  dnsNames?: { hostnameType?: 'ip-name' | 'resource-name'; a?: boolean; aaaa?: boolean };
  bandwidthWeighting?: string;
  capacityReservation?: 'open' | 'none';
  /** Its address counts as public, too. */
  publicAddress?: boolean;
  interfaceDescription?: string;
  interfaceTags?: Tags;
  sourceDestCheck?: boolean;
  enaSupport?: boolean;
  sriovNetSupport?: string;
}

export interface KeyPairRecord {
  id: string;
  name: string;
  /** One authorized_keys line. */
  publicKey: string;
  fingerprint: string;
  keyType?: 'rsa' | 'ed25519';
  createdAt: number;
  tags: Tags;
}
