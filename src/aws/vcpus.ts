import { DescribeInstanceTypesCommand, type EC2Client, paginateDescribeInstances } from '@aws-sdk/client-ec2';

/** Maximum number of names in one DescribeInstanceTypes call. */
const typesOfCall = 100;

/**
 * Whether a type counts for the quota "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances": `im4gn` and `is4gen` do,
 * `inf1`, `hpc7a`, `mac2`, `g5` have quotas of their own.
 */
export function isStandard(type: string): boolean {
  return /^([acdhimrtz]|im|is)\d/.test(type);
}

/** vCPUs of an instance type; undefined when the cloud does not know the type. */
export async function vcpusOf(ec2: EC2Client, type: string): Promise<number | undefined> {
  const { InstanceTypes } = await ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: [type as 't3.small'] }));
  return InstanceTypes?.[0]?.VCpuInfo?.DefaultVCpus;
}

/** vCPUs of all running instances of the region that count for that quota; spot instances do not. One paged call. */
export async function runningVcpus(ec2: EC2Client): Promise<number> {
  const unknown = new Map<string, number>();
  let sum = 0;
  const pages = paginateDescribeInstances(
    { client: ec2 },
    { Filters: [{ Name: 'instance-state-name', Values: ['pending', 'running'] }], MaxResults: 1000 },
  );
  for await (const page of pages) {
    for (const one of (page.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? [])) {
      const type = one.InstanceType ?? '';
      if (one.InstanceLifecycle === 'spot' || !isStandard(type)) continue;
      const { CoreCount, ThreadsPerCore } = one.CpuOptions ?? {};
      if (CoreCount && ThreadsPerCore) sum += CoreCount * ThreadsPerCore;
      else unknown.set(type, (unknown.get(type) ?? 0) + 1);
    }
  }
  const types = [...unknown.keys()];
  for (let at = 0; at < types.length; at += typesOfCall) {
    const names = types.slice(at, at + typesOfCall) as 't3.small'[];
    const { InstanceTypes = [] } = await ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: names }));
    for (const { InstanceType = '', VCpuInfo } of InstanceTypes) {
      sum += (VCpuInfo?.DefaultVCpus ?? 0) * (unknown.get(InstanceType) ?? 0);
    }
  }
  return sum;
}
