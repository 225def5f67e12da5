import type { CallFacts } from './match.ts';

/** A token bucket that a call takes from. */
export interface Limit {
  /** Name of the bucket; each region has its own of every name. */
  bucket: string;
  /** Tokens it holds at most. */
  capacity: number;
  /** Tokens it gets each second. */
  refill: number;
  /** Tokens that this call takes. */
  cost: number;
  /** It counts resources, not requests. */
  resources?: boolean;
}

type Size = readonly [capacity: number, refill: number];

/** EC2's buckets of single operations, as its developer guide lists them; each operation is evaluated by itself. */
const ec2Requests: Readonly<Record<string, Size>> = {
  RunInstances: [5, 2],
  StartInstances: [5, 2],
  TerminateInstances: [100, 5],
  CreateLaunchTemplateVersion: [100, 5],
  ModifyLaunchTemplate: [100, 5],
  DeregisterImage: [100, 5],
  DeleteSnapshot: [100, 5],
  CopyImage: [100, 1],
  CreateTags: [100, 10],
};
const ec2Resources: Readonly<Record<string, Size>> = {
  RunInstances: [1000, 2],
  StartInstances: [1000, 2],
  TerminateInstances: [1000, 20],
  StopInstances: [1000, 20],
};
const ec2Reading: Size = [100, 20];
const ec2Unfiltered: Size = [50, 10];
const ec2Mutating: Size = [50, 5];

const elbAccount: Size = [40, 10];
const elbReading: Size = [40, 10];
const elbTargets: Size = [20, 4];
const elbMutating: Size = [20, 3];

/**
 * Parameter Store's default throughput, for an account and region: reads of values share one quota. The one of PutParameter is not in the
 * documentation; AWS Support names it. The rates are published, the buckets' sizes are not: a second's worth is assumed.
 */
const parameterReads: Size = [40, 40];
const parameterWrites: Size = [3, 3];

/** Secrets Manager's quotas: reads of values and descriptions together, reads of many, and the others each. */
const secretReads: Size = [10_000, 10_000];
const secretBatches: Size = [100, 100];
const secretOthers: Size = [50, 50];

/** One bucket for all operations, whose size AWS does not publish: an assumption. */
const autoScaling: Size = [40, 10];

/** What a call takes from the published buckets; nothing for services without published limits. */
export function publishedLimits(call: CallFacts, input: Readonly<Record<string, unknown>>): Limit[] {
  const { service, operation } = call;
  if (service === 'ec2') return ec2Limits(operation, input);
  if (service === 'autoscaling') return [limit('autoscaling', autoScaling)];
  if (service === 'ssm') return parameterLimits(operation);
  if (service === 'secretsmanager') return [secretLimit(operation)];
  if (service !== 'elasticloadbalancing') return [];
  return [limit('elb', elbAccount), elbLimit(operation)];
}

function ec2Limits(operation: string, input: Readonly<Record<string, unknown>>): Limit[] {
  if (/^(Describe|Get|List)/.test(operation)) {
    const unfiltered = /^Describe(Instances|Volumes|Snapshots)$/.test(operation) && asksForAll(input);
    if (unfiltered) return [limit(`${operation} of everything`, ec2Unfiltered)];
    return [limit(operation, ec2Reading)];
  }
  const limits = [limit(operation, ec2Requests[operation] ?? ec2Mutating)];
  const resources = ec2Resources[operation];
  if (resources) limits.push({ ...limit(`${operation} resources`, resources, amount(input)), resources: true });
  return limits;
}

function parameterLimits(operation: string): Limit[] {
  if (/^GetParameter(s|sByPath)?$/.test(operation)) return [limit('ssm parameter reads', parameterReads)];
  return operation === 'PutParameter' ? [limit(operation, parameterWrites)] : [];
}

function secretLimit(operation: string): Limit {
  if (/^(GetSecretValue|DescribeSecret)$/.test(operation)) return limit('secret reads', secretReads);
  return limit(operation, operation === 'BatchGetSecretValue' ? secretBatches : secretOthers);
}

function elbLimit(operation: string): Limit {
  if (operation.startsWith('Describe')) return limit('elb Describe*', elbReading);
  if (/^(Register|Deregister)Targets$/.test(operation)) return limit(operation, elbTargets);
  return limit('elb mutations', elbMutating);
}

function limit(bucket: string, [capacity, refill]: Size, cost = 1): Limit {
  return { bucket, capacity, refill, cost };
}

/** Neither names, nor filters, nor a page size: the dearest kind of reading. */
function asksForAll(input: Readonly<Record<string, unknown>>): boolean {
  return Object.values(input).every(
    (value) => value === undefined || value === '' || (Array.isArray(value) && value.length === 0),
  );
}

function amount({ MaxCount, InstanceIds }: Readonly<Record<string, unknown>>): number {
  if (typeof MaxCount === 'number') return MaxCount;
  return Array.isArray(InstanceIds) ? InstanceIds.length : 1;
}
