import type { IpPermission, SecurityGroupRule } from '@aws-sdk/client-ec2';
import { newId } from '../ids.ts';
import type { SecurityGroupRecord, SecurityGroupRuleRecord } from '../model.ts';
import type { NetworkContext } from '../network.ts';
import { account } from '../settings.ts';
import { CloudError } from '../wire/handler.ts';
import { invalidValue, missing } from './errors.ts';
import { tagList } from './tag-shapes.ts';

/** The fields of the older, flat way to name one rule. */
export interface FlatRule {
  IpPermissions?: IpPermission[];
  IpProtocol?: string;
  FromPort?: number;
  ToPort?: number;
  CidrIp?: string;
  SourceSecurityGroupName?: string;
}

const numbered: Record<string, string> = { '6': 'tcp', '17': 'udp', '1': 'icmp', all: '-1' };

/** A request's permissions as single rules: one for each address block or group. @throws CloudError for malformed ones. */
export function readRules(context: NetworkContext, input: FlatRule): SecurityGroupRuleRecord[] {
  const permissions = input.IpPermissions?.length ? input.IpPermissions : [flat(input)];
  return permissions.flatMap((permission) => {
    const given = permission.IpProtocol?.toLowerCase();
    if (!given) throw missing('IpProtocol');
    const protocol = numbered[given] ?? given;
    if (!/^(-1|tcp|udp|icmp|icmpv6|\d{1,3})$/.test(protocol))
      throw invalidValue(`Invalid value '${given}' for IP protocol.`);
    const ports = protocol === '-1' ? {} : readPorts(protocol, permission);
    const rule = (target: Partial<SecurityGroupRuleRecord>, description?: string): SecurityGroupRuleRecord => ({
      id: newId('sgr'),
      protocol,
      ...ports,
      ...target,
      description: description || undefined,
    });
    const rules = [
      ...(permission.IpRanges ?? []).map((one) => rule({ cidr: checkCidr(one.CidrIp) }, one.Description)),
      ...(permission.Ipv6Ranges ?? []).map((one) => rule({ cidr: checkCidr(one.CidrIpv6) }, one.Description)),
      ...(permission.UserIdGroupPairs ?? []).map((one) =>
        rule({ groupId: findGroup(context, one.GroupId, one.GroupName).id }, one.Description),
      ),
    ];
    if (rules.length === 0) throw missing('CidrIp, CidrIpv6 or group');
    return rules;
  });
}

function flat(input: FlatRule): IpPermission {
  return {
    IpProtocol: input.IpProtocol || (input.SourceSecurityGroupName ? '-1' : undefined),
    FromPort: input.FromPort,
    ToPort: input.ToPort,
    IpRanges: input.CidrIp ? [{ CidrIp: input.CidrIp }] : [],
    UserIdGroupPairs: input.SourceSecurityGroupName ? [{ GroupName: input.SourceSecurityGroupName }] : [],
  };
}

function readPorts(protocol: string, { FromPort: from, ToPort: to }: IpPermission) {
  if (from === undefined || to === undefined) throw missing(from === undefined ? 'FromPort' : 'ToPort');
  const valid = (port: number) => port >= (protocol.startsWith('icmp') ? -1 : 0) && port <= 65_535;
  if (!valid(from) || !valid(to))
    throw invalidValue(`Invalid value for port range: ${from}-${to}. Ports go from 0 to 65535.`);
  if (from > to && !protocol.startsWith('icmp')) {
    throw invalidValue(`Invalid TCP/UDP port range (${from}:${to})`);
  }
  return { fromPort: from, toPort: to };
}

function checkCidr(cidr: string | undefined): string {
  const [address = '', length = ''] = (cidr ?? '').split('/');
  const v4 = /^\d{1,3}(\.\d{1,3}){3}$/.test(address) && address.split('.').every((octet) => Number(octet) <= 255);
  const v6 = address.includes(':') && /^[0-9a-fA-F:.]+$/.test(address);
  const bits = /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  if ((v4 && bits <= 32) || (v6 && bits <= 128)) return `${address}/${bits}`;
  throw invalidValue(`CIDR block ${cidr ?? ''} is malformed`);
}

/** A security group by id, or by name in the default VPC. @throws CloudError `InvalidGroup.NotFound`, `InvalidGroupId.Malformed`. */
export function findGroup({ state, region }: NetworkContext, id?: string, name?: string): SecurityGroupRecord {
  if (id) checkGroupId(id);
  if (!id && !name) throw missing('GroupId or GroupName');
  const found = id
    ? state.securityGroups[id]
    : Object.values(state.securityGroups).find((one) => one.name === name && one.vpcId === region.vpcId);
  if (found) return found;
  throw new CloudError('InvalidGroup.NotFound', `The security group '${id || name}' does not exist`);
}

/** Refuses what is not an ID of a security group, such as a name or an empty text. @throws CloudError `InvalidGroupId.Malformed` */
export function checkGroupId(id: string): string {
  if (id.startsWith('sg-')) return id;
  throw new CloudError('InvalidGroupId.Malformed', `Invalid id: "${id}" (expecting "sg-...")`);
}

/** A rule of a group by its id. @throws CloudError `InvalidSecurityGroupRuleId.NotFound`. */
export function findRule(rules: SecurityGroupRuleRecord[], id: string | undefined): SecurityGroupRuleRecord {
  const found = rules.find((rule) => rule.id === id);
  if (found) return found;
  throw new CloudError('InvalidSecurityGroupRuleId.NotFound', `The security group rule ID '${id}' does not exist`);
}

/** What two rules must have in common to be the same rule. */
export function ruleKey(rule: SecurityGroupRuleRecord): string {
  return [rule.protocol, rule.fromPort ?? '', rule.toPort ?? '', rule.cidr ?? '', rule.groupId ?? ''].join(' ');
}

/** Single rules as permissions: those with the same protocol and ports stand together. */
export function toPermissions(rules: SecurityGroupRuleRecord[]): IpPermission[] {
  const grouped = new Map<
    string,
    Required<Pick<IpPermission, 'IpRanges' | 'Ipv6Ranges' | 'UserIdGroupPairs'>> & IpPermission
  >();
  for (const rule of rules) {
    const key = [rule.protocol, rule.fromPort ?? '', rule.toPort ?? ''].join(' ');
    const permission = grouped.get(key) ?? {
      IpProtocol: rule.protocol,
      FromPort: rule.fromPort,
      ToPort: rule.toPort,
      IpRanges: [],
      Ipv6Ranges: [],
      UserIdGroupPairs: [],
      PrefixListIds: [],
    };
    grouped.set(key, permission);
    const Description = rule.description;
    if (rule.groupId) permission.UserIdGroupPairs?.push({ GroupId: rule.groupId, UserId: account.id, Description });
    else if (rule.cidr?.includes(':')) permission.Ipv6Ranges?.push({ CidrIpv6: rule.cidr, Description });
    else permission.IpRanges?.push({ CidrIp: rule.cidr, Description });
  }
  return [...grouped.values()];
}

/** A rule in the SDK's shape. */
export function toRule(
  group: SecurityGroupRecord,
  rule: SecurityGroupRuleRecord,
  isEgress: boolean,
): SecurityGroupRule {
  const v6 = rule.cidr?.includes(':');
  return {
    SecurityGroupRuleId: rule.id,
    GroupId: group.id,
    GroupOwnerId: account.id,
    IsEgress: isEgress,
    IpProtocol: rule.protocol,
    FromPort: rule.fromPort ?? -1,
    ToPort: rule.toPort ?? -1,
    CidrIpv4: v6 ? undefined : rule.cidr,
    CidrIpv6: v6 ? rule.cidr : undefined,
    ReferencedGroupInfo: rule.groupId ? { GroupId: rule.groupId, UserId: account.id } : undefined,
    Description: rule.description,
    Tags: tagList(rule.tags ?? {}),
  };
}
