import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import {
  CreateAutoScalingGroupCommand,
  type CreateAutoScalingGroupCommandInput,
  CreateOrUpdateTagsCommand,
  EnableMetricsCollectionCommand,
  type Tag,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CreateLaunchTemplateCommand,
  type CreateLaunchTemplateCommandInput,
  CreateLaunchTemplateVersionCommand,
  CreateSecurityGroupCommand,
  DescribeLaunchTemplatesCommand,
} from '@aws-sdk/client-ec2';
import {
  type Action,
  CreateListenerCommand,
  type CreateListenerCommandInput,
  CreateLoadBalancerCommand,
  CreateRuleCommand,
  type CreateRuleCommandInput,
  CreateTargetGroupCommand,
  type CreateTargetGroupCommandInput,
  ModifyListenerCommand,
  ModifyRuleCommand,
  ModifyTargetGroupAttributesCommand,
  ModifyTargetGroupCommand,
  type TargetGroupAttribute,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { AwsClients } from '../../../src/aws/clients.ts';

export type Properties = Record<string, unknown>;

interface Call {
  aws: AwsClients;
  /** What is sent. */
  properties: Properties;
  before?: Properties;
  ref?: string;
  /** Of the function that answers for custom resources, and which question it is asked. */
  code: string;
  type: string;
}

interface Made {
  ref: string;
  attributes: Record<string, string>;
}

interface Kind {
  create(call: Call): Promise<Made>;
  update(call: Call): Promise<Made>;
}

/** Only the tags that a group has of its own accord are sent by a call of their own. */
function groupRequest({ VPCZoneIdentifier, MinSize, MaxSize, MetricsCollection, Tags, ...rest }: Properties) {
  const number = (value: unknown) => (value === undefined ? undefined : Number(value));
  const tags = (Tags as Tag[]).map((tag) => ({ ...tag, ResourceType: 'auto-scaling-group' }));
  return {
    request: {
      ...(rest as Pick<
        CreateAutoScalingGroupCommandInput,
        'AutoScalingGroupName' | 'LaunchTemplate' | 'TargetGroupARNs'
      >),
      VPCZoneIdentifier: (VPCZoneIdentifier as string[]).join(','),
      MinSize: number(MinSize),
      MaxSize: number(MaxSize),
    },
    tags: tags.map((tag) => ({ ...tag, ResourceId: rest.AutoScalingGroupName as string })),
    metrics: MetricsCollection as { Granularity: string }[],
  };
}

const group: Kind = {
  async create({ aws, properties }) {
    const { request, tags, metrics } = groupRequest(properties);
    const { MinSize, MaxSize, ...rest } = request;
    await aws.autoScaling.send(
      new CreateAutoScalingGroupCommand({ ...rest, MinSize: MinSize ?? 0, MaxSize: MaxSize ?? 0, Tags: tags }),
    );
    const { AutoScalingGroupName } = request;
    for (const { Granularity } of metrics) {
      await aws.autoScaling.send(new EnableMetricsCollectionCommand({ AutoScalingGroupName, Granularity }));
    }
    return { ref: AutoScalingGroupName ?? '', attributes: {} };
  },
  async update({ aws, properties, before }) {
    const { request, tags } = groupRequest(properties);
    const { TargetGroupARNs, ...rest } = request;
    if (!isDeepStrictEqual(before?.TargetGroupARNs, TargetGroupARNs)) throw new Error('other target groups');
    await aws.autoScaling.send(new UpdateAutoScalingGroupCommand(rest));
    await aws.autoScaling.send(new CreateOrUpdateTagsCommand({ Tags: tags }));
    return { ref: request.AutoScalingGroupName ?? '', attributes: {} };
  },
};

const launchTemplate: Kind = {
  async create({ aws, properties }) {
    const { LaunchTemplate } = await aws.ec2.send(new CreateLaunchTemplateCommand(templateRequest(properties)));
    return templateAsItIs(aws, LaunchTemplate?.LaunchTemplateId ?? '');
  },
  // A version of its own; the default one stays what it is.
  async update({ aws, properties, ref = '' }) {
    const { LaunchTemplateData, VersionDescription } = templateRequest(properties);
    await aws.ec2.send(
      new CreateLaunchTemplateVersionCommand({ LaunchTemplateId: ref, LaunchTemplateData, VersionDescription }),
    );
    return templateAsItIs(aws, ref);
  },
};

/** Without the instance profile: roles are names only here, and a launch needs one that exists. */
function templateRequest(properties: Properties): CreateLaunchTemplateCommandInput {
  const request = properties as unknown as CreateLaunchTemplateCommandInput;
  return { ...request, LaunchTemplateData: { ...request.LaunchTemplateData, IamInstanceProfile: undefined } };
}

async function templateAsItIs({ ec2 }: AwsClients, ref: string): Promise<Made> {
  const { LaunchTemplates } = await ec2.send(new DescribeLaunchTemplatesCommand({ LaunchTemplateIds: [ref] }));
  const { DefaultVersionNumber, LatestVersionNumber } = LaunchTemplates?.[0] ?? {};
  return {
    ref,
    attributes: {
      LaunchTemplateId: ref,
      DefaultVersionNumber: String(DefaultVersionNumber),
      LatestVersionNumber: String(LatestVersionNumber),
    },
  };
}

const balancer: Kind = {
  async create({ aws, properties }) {
    const { Name, Type, Scheme, Subnets } = properties as {
      Name: string;
      Type: 'application';
      Scheme: 'internal';
      Subnets: string[];
    };
    const { LoadBalancers } = await aws.elb.send(new CreateLoadBalancerCommand({ Name, Type, Scheme, Subnets }));
    return { ref: LoadBalancers?.[0]?.LoadBalancerArn ?? '', attributes: {} };
  },
  update: never,
};

const targetGroup: Kind = {
  async create({ aws, properties }) {
    const { TargetGroupAttributes, Tags, ...rest } = properties;
    const { TargetGroups } = await aws.elb.send(
      new CreateTargetGroupCommand(rest as unknown as CreateTargetGroupCommandInput),
    );
    const ref = TargetGroups?.[0]?.TargetGroupArn ?? '';
    await setAttributes(aws, ref, TargetGroupAttributes);
    return { ref, attributes: {} };
  },
  async update({ aws, properties, ref = '' }) {
    const { Name, VpcId, Protocol, Port, TargetType, Tags, TargetGroupAttributes, ...check } = properties;
    await aws.elb.send(new ModifyTargetGroupCommand({ TargetGroupArn: ref, ...check }));
    await setAttributes(aws, ref, TargetGroupAttributes);
    return { ref, attributes: {} };
  },
};

async function setAttributes({ elb }: AwsClients, TargetGroupArn: string, attributes: unknown): Promise<void> {
  await elb.send(
    new ModifyTargetGroupAttributesCommand({ TargetGroupArn, Attributes: attributes as TargetGroupAttribute[] }),
  );
}

const listener: Kind = {
  async create({ aws, properties }) {
    const { Listeners } = await aws.elb.send(
      new CreateListenerCommand(properties as unknown as CreateListenerCommandInput),
    );
    return { ref: Listeners?.[0]?.ListenerArn ?? '', attributes: {} };
  },
  async update({ aws, properties, ref = '' }) {
    const { Port, Protocol, DefaultActions } = properties as unknown as CreateListenerCommandInput;
    await aws.elb.send(new ModifyListenerCommand({ ListenerArn: ref, Port, Protocol, DefaultActions }));
    return { ref, attributes: {} };
  },
};

const rule: Kind = {
  async create({ aws, properties }) {
    const { Priority, ...rest } = properties as unknown as CreateRuleCommandInput;
    const { Rules } = await aws.elb.send(new CreateRuleCommand({ ...rest, Priority: Number(Priority) }));
    return { ref: Rules?.[0]?.RuleArn ?? '', attributes: {} };
  },
  async update({ aws, properties, ref = '' }) {
    const { Conditions, Actions } = properties as unknown as CreateRuleCommandInput & { Actions: Action[] };
    await aws.elb.send(new ModifyRuleCommand({ RuleArn: ref, Conditions, Actions }));
    return { ref, attributes: {} };
  },
};

/** Its openings are left out: nothing in the local cloud asks them. */
const securityGroup: Kind = {
  async create({ aws, properties }) {
    const { VpcId, GroupDescription } = properties as { VpcId: string; GroupDescription: string };
    const { GroupId = '' } = await aws.ec2.send(
      new CreateSecurityGroupCommand({ GroupName: GroupDescription, Description: GroupDescription, VpcId }),
    );
    return { ref: GroupId, attributes: { GroupId } };
  },
  update: async ({ ref = '' }) => ({ ref, attributes: { GroupId: ref } }),
};

/** Runs the code of the template's own function, as Lambda does, and takes what it puts to the address it was given. */
const custom: Kind = {
  create: (call) => ask('Create', call),
  update: (call) => ask('Update', call),
};

async function ask(RequestType: string, { properties, before, ref, code, type }: Call): Promise<Made> {
  let answer = '';
  const server = createServer(async (request, response) => {
    answer = await text(request);
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const module = { exports: {} as { handler: (event: object) => Promise<void> } };
    new Function('require', 'exports', code)(createRequire(import.meta.url), module.exports);
    await module.exports.handler({
      RequestType,
      ResourceType: type,
      LogicalResourceId: type,
      PhysicalResourceId: ref,
      ResponseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      ResourceProperties: properties,
      OldResourceProperties: before,
    });
  } finally {
    server.close();
  }
  const { Status, Reason, PhysicalResourceId, Data } = JSON.parse(answer);
  if (Status !== 'SUCCESS') throw new Error(Reason);
  return { ref: PhysicalResourceId, attributes: Data };
}

function never(): never {
  throw new Error('no deploy of these tests changes it');
}

/** How the kinds of resources that the local cloud has are made and changed. */
export const kinds: Record<string, Kind> & { custom: Kind } = {
  'AWS::AutoScaling::AutoScalingGroup': group,
  'AWS::EC2::LaunchTemplate': launchTemplate,
  'AWS::EC2::SecurityGroup': securityGroup,
  'AWS::ElasticLoadBalancingV2::Listener': listener,
  'AWS::ElasticLoadBalancingV2::ListenerRule': rule,
  'AWS::ElasticLoadBalancingV2::LoadBalancer': balancer,
  'AWS::ElasticLoadBalancingV2::TargetGroup': targetGroup,
  custom,
};
