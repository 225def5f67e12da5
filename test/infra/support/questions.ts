import type { Question } from './iam.ts';

/** A call that is about to be made. The input is that of the SDK. */
export interface Call {
  service: string;
  operation: string;
  input: Input;
}

/** What of the input of any operation says whom it is about. */
interface Input {
  [key: string]: unknown;
  TagSpecifications?: TagSpecification[];
  Tags?: { Key?: string; Value?: string; ResourceId?: string }[];
  LaunchTemplate?: { LaunchTemplateId?: string; Version?: string };
  DesiredConfiguration?: { LaunchTemplate?: { LaunchTemplateId?: string; Version?: string } };
}

interface TagSpecification {
  ResourceType?: string;
  Tags?: { Key?: string; Value?: string }[];
}

/** What the cloud knows of resources. */
export interface Known {
  region: string;
  account: string;
  instanceRoleArn: string;
  tagsOf(id: string): Promise<Record<string, string>>;
  /** Snapshots of an image. */
  snapshotsOf(imageId: string): Promise<string[]>;
  /** Data of a template version. */
  templateOf(
    id: string,
    version: string,
  ): Promise<TagSpecifications & { ImageId?: string; SecurityGroupIds?: string[] }>;
}

interface TagSpecifications {
  TagSpecifications?: TagSpecification[];
}

/** Resource types by the first part of an id. */
const kinds: Record<string, string> = {
  i: 'instance',
  ami: 'image',
  snap: 'snapshot',
  lt: 'launch-template',
  sg: 'security-group',
  sgr: 'security-group-rule',
  vol: 'volume',
};

/** Calls about existing EC2 resources, and the field of the input with their ids. */
const aboutExisting: Record<string, string> = {
  CreateLaunchTemplateVersion: 'LaunchTemplateId',
  ModifyLaunchTemplate: 'LaunchTemplateId',
  RebootInstances: 'InstanceIds',
  TerminateInstances: 'InstanceIds',
  GetConsoleOutput: 'InstanceId',
  DisableImage: 'ImageId',
  EnableImage: 'ImageId',
  EnableImageDeprecation: 'ImageId',
  DisableImageDeprecation: 'ImageId',
  EnableImageDeregistrationProtection: 'ImageId',
  DisableImageDeregistrationProtection: 'ImageId',
  DeregisterImage: 'ImageId',
  DeleteSnapshot: 'SnapshotId',
  RevokeSecurityGroupIngress: 'GroupId',
};

/** Calls of load balancing that change something, and the field with the ARN. */
const aboutBalancers: Record<string, string> = {
  CreateRule: 'ListenerArn',
  ModifyListener: 'ListenerArn',
  ModifyRule: 'RuleArn',
  DeleteRule: 'RuleArn',
  ModifyTargetGroupAttributes: 'TargetGroupArn',
  RegisterTargets: 'TargetGroupArn',
  DeregisterTargets: 'TargetGroupArn',
  ModifyCapacityReservation: 'LoadBalancerArn',
  AddTags: 'ResourceArns',
  RemoveTags: 'ResourceArns',
};

/**
 * What AWS asks of the caller's policy before it makes a call: resources and condition keys as in the Service Authorization
 * Reference (docs.aws.amazon.com/service-authorization), tags at creation as in the guide of EC2 (supported-iam-actions-tagging).
 * @throws for a call that it does not know: whoever adds one looks it up there
 */
export async function questionsOf({ service, operation, input }: Call, known: Known): Promise<Question[]> {
  const action = `${service}:${operation}`;
  const ask = (resource: string, context: Question['context'] = {}): Question => ({ action, resource, context });
  if (operation.startsWith('Describe')) return [ask('*')];
  if (service === 'autoscaling') return askGroups(action, input, known);
  if (service === 'elasticloadbalancing') {
    const arn = String(input[aboutBalancers[operation] ?? unknown(action)]);
    const rule = {
      action: 'elasticloadbalancing:AddTags',
      resource: `${arn.replace(':listener/', ':listener-rule/')}/new`,
      context: {},
    };
    return [ask(arn), ...(operation === 'CreateRule' && input.Tags ? [rule] : [])];
  }
  const existing = async (id: string, also = {}) =>
    ask(arnOf(id, known), { ...asTags('Resource', await known.tagsOf(id)), ...also });
  switch (operation) {
    case 'RunInstances':
      return askLaunch(input, known);
    case 'CreateImage':
      return [
        await existing(String(input.InstanceId)),
        ...['image', 'snapshot'].flatMap((kind) => made(action, kind, input, known)),
      ];
    case 'AuthorizeSecurityGroupIngress': {
      // The rule is asked about only when the request tags it.
      const rule = input.TagSpecifications ? made(action, 'security-group-rule', input, known) : [];
      return [await existing(String(input.GroupId)), ...rule];
    }
    case 'CreateTags':
    case 'DeleteTags': {
      const tags = Object.fromEntries((input.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
      return Promise.all((input.Resources as string[]).map((id) => existing(id, asTags('Request', tags))));
    }
    case 'DeregisterImage': {
      const snapshots = input.DeleteAssociatedSnapshots ? await known.snapshotsOf(String(input.ImageId)) : [];
      const deletions = snapshots.map(async (id) => ({ ...(await existing(id)), action: 'ec2:DeleteSnapshot' }));
      return [await existing(String(input.ImageId)), ...(await Promise.all(deletions))];
    }
    default: {
      const ids = [input[aboutExisting[operation] ?? unknown(action)]].flat().map(String);
      return Promise.all(ids.map((id) => existing(id)));
    }
  }
}

/** Of a resource that the call makes: the call itself with the tags of the request, and CreateTags when there are some. */
function made(action: string, kind: string, { TagSpecifications }: TagSpecifications, known: Known): Question[] {
  const listed = TagSpecifications?.filter((one) => one.ResourceType === kind).flatMap((one) => one.Tags ?? []) ?? [];
  const tags = asTags('Request', Object.fromEntries(listed.map(({ Key = '', Value = '' }) => [Key, Value])));
  const resource = `arn:aws:ec2:${known.region}:${isPicture(kind) ? '' : known.account}:${kind}/*`;
  const tagging = {
    action: 'ec2:CreateTags',
    resource,
    context: { ...tags, 'ec2:CreateAction': action.replace('ec2:', '') },
  };
  return [{ action, resource, context: tags }, ...(listed.length > 0 ? [tagging] : [])];
}

/** A launch from a template: what is made, with the tags of the request over those of the template, and all that it is made from. */
async function askLaunch({ LaunchTemplate, ...input }: Input, known: Known): Promise<Question[]> {
  const action = 'ec2:RunInstances';
  const templateId = LaunchTemplate?.LaunchTemplateId ?? '';
  const data = await known.templateOf(templateId, LaunchTemplate?.Version ?? '$Default');
  const own = input.TagSpecifications ?? [];
  const ofTemplate = (data.TagSpecifications ?? []).filter(
    (one) => !own.some((it) => it.ResourceType === one.ResourceType),
  );
  const TagSpecifications = [...own, ...ofTemplate];
  const uses = [templateId, String(input.ImageId ?? data.ImageId), ...(data.SecurityGroupIds ?? [])];
  const subnet = `arn:aws:ec2:${known.region}:${known.account}:subnet/subnet-1`;
  return [
    ...['instance', 'volume', 'network-interface'].flatMap((kind) => made(action, kind, { TagSpecifications }, known)),
    ...(await Promise.all(
      uses.map(async (id) => ({
        action,
        resource: arnOf(id, known),
        context: asTags('Resource', await known.tagsOf(id)),
      })),
    )),
    { action, resource: subnet, context: {} },
    {
      action: 'iam:PassRole',
      resource: known.instanceRoleArn,
      context: { 'iam:PassedToService': 'ec2.amazonaws.com' },
    },
  ];
}

/** Auto Scaling asks whether the caller may launch what a template version says, too. */
async function askGroups(action: string, input: Input, known: Known): Promise<Question[]> {
  const names = new Set(
    [input.AutoScalingGroupName, ...(input.Tags ?? []).map((one) => one.ResourceId)].filter(Boolean),
  );
  if (action === 'autoscaling:TerminateInstanceInAutoScalingGroup') {
    names.add((await known.tagsOf(String(input.InstanceId)))['aws:autoscaling:groupName']);
  }
  if (names.size === 0) unknown(action);
  const LaunchTemplate = input.LaunchTemplate ?? input.DesiredConfiguration?.LaunchTemplate;
  const groups = [...names].map((name) => ({
    action,
    resource: `arn:aws:autoscaling:${known.region}:${known.account}:autoScalingGroup:0-1:autoScalingGroupName/${name}`,
    context: {},
  }));
  return [...groups, ...(LaunchTemplate ? await askLaunch({ LaunchTemplate }, known) : [])];
}

const isPicture = (kind: string) => kind === 'image' || kind === 'snapshot';

function arnOf(id: string, { region, account }: Known): string {
  const kind = kinds[id.split('-')[0] ?? ''] ?? unknown(`a resource called ${id}`);
  return `arn:aws:ec2:${region}:${isPicture(kind) ? '' : account}:${kind}/${id}`;
}

function asTags(of: 'Request' | 'Resource', tags: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:${of}Tag/${key}`, value]));
}

function unknown(what: string): never {
  throw new Error(`what AWS asks before ${what} is not known here: look it up in the Service Authorization Reference`);
}
