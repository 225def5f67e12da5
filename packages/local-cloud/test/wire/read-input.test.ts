import { describe, expect, it } from 'vitest';
import { formTree, parseForm } from '../../src/wire/form.ts';
import type { ServiceName } from '../../src/wire/operations.ts';
import { readInput } from '../../src/wire/read-input.ts';
import { serviceShapes } from '../../src/wire/shapes.ts';

function read(service: ServiceName, operation: string, form: string): Record<string, unknown> {
  const shapes = serviceShapes[service];
  return readInput(shapes, shapes.operation(operation)?.input, formTree(parseForm(form)));
}

/** Code and message of the refusal. */
function refusal(service: ServiceName, operation: string, form: string): string {
  try {
    read(service, operation, form);
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return `${code}: ${message}`;
  }
  return 'accepted';
}

describe('values', () => {
  it('orders list entries by number and closes gaps', () => {
    const form = 'InstanceId.10=i-c&InstanceId.2=i-b&InstanceId.1=i-a';
    expect(read('ec2', 'DescribeInstances', form)).toEqual({ InstanceIds: ['i-a', 'i-b', 'i-c'] });
  });

  it('keeps an empty entry of a list of strings, and drops other empty values', () => {
    const form = 'Filter.1.Name=tag:a&Filter.1.Value.1=&NextToken=&MaxResults=&InstanceId=';
    expect(read('ec2', 'DescribeInstances', form)).toEqual({ Filters: [{ Name: 'tag:a', Values: [''] }] });
  });

  it('reads an empty list of the plain query protocol', () => {
    expect(read('autoscaling', 'DescribeAutoScalingGroups', 'AutoScalingGroupNames=')).toEqual({
      AutoScalingGroupNames: [],
    });
  });

  it('reads times with and without milliseconds and zones', () => {
    const start = (text: string) =>
      read('autoscaling', 'DescribeScheduledActions', `StartTime=${encodeURIComponent(text)}`).StartTime;
    expect(start('2026-01-31T12:00:00Z')).toEqual(new Date('2026-01-31T12:00:00Z'));
    expect(start('2026-01-31T12:00:00.5+01:00')).toEqual(new Date('2026-01-31T11:00:00.5Z'));
    expect(start('2026-01-31')).toEqual(new Date('2026-01-31T00:00:00Z'));
  });

  it('takes fractions only where AWS has doubles, and integers of 32 bits', () => {
    const metric = (value: string) => read('autoscaling', 'ExecutePolicy', `PolicyName=p&MetricValue=${value}`);
    expect(metric('1.5')).toEqual({ PolicyName: 'p', MetricValue: 1.5 });
    const desired = (value: string) =>
      refusal('autoscaling', 'SetDesiredCapacity', `AutoScalingGroupName=g&DesiredCapacity=${value}`);
    expect(desired('2147483647')).toBe('accepted');
    for (const value of ['1.5', '2147483648']) {
      expect(desired(value)).toContain(`Value '${value}' at 'desiredCapacity' failed to satisfy constraint`);
    }
    const count = refusal('ec2', 'RunInstances', 'MinCount=1&MaxCount=1.5');
    expect(count).toBe('InvalidParameterValue: Value (1.5) for parameter MaxCount is invalid. It must be an integer.');
  });

  it('reads bytes from base64', () => {
    const { PublicKeyMaterial } = read('ec2', 'ImportKeyPair', 'KeyName=k&PublicKeyMaterial=c3NoLWVkMjU1MTkgQUFB');
    expect(Buffer.from(PublicKeyMaterial as Uint8Array).toString()).toBe('ssh-ed25519 AAA');
  });

  it('reads numbers and booleans', () => {
    const form = 'ImageId=ami-1&MinCount=1&MaxCount=%2B2&EbsOptimized=True';
    expect(read('ec2', 'RunInstances', form)).toEqual({
      ImageId: 'ami-1',
      MinCount: 1,
      MaxCount: 2,
      EbsOptimized: true,
    });
  });

  it('cannot be made to touch prototypes', () => {
    const action = 'Actions.member.1';
    const extra = `${action}.AuthenticateOidcConfig.AuthenticationRequestExtraParams.entry.1`;
    const oidc = ['Issuer', 'AuthorizationEndpoint', 'TokenEndpoint', 'UserInfoEndpoint', 'ClientId']
      .map((name) => `${action}.AuthenticateOidcConfig.${name}=x`)
      .join('&');
    const form = `RuleArn=r&${action}.Type=authenticate-oidc&${oidc}&${extra}.key=__proto__&${extra}.value=y`;
    const { Actions } = read('elasticloadbalancing', 'ModifyRule', form) as {
      Actions: [{ AuthenticateOidcConfig: object }];
    };
    const { AuthenticationRequestExtraParams: map } = Actions[0].AuthenticateOidcConfig as Record<string, object>;
    expect(Object.entries(map ?? {})).toEqual([['__proto__', 'y']]);
    expect(refusal('ec2', 'DescribeInstances', '__proto__.polluted=1')).toContain('UnknownParameter');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('refusals of EC2', () => {
  it.each([
    ['RunInstances', 'MinCount=1', 'MissingParameter: The request must contain the parameter MaxCount'],
    ['CreateImage', 'InstanceId=i-1&Name=', 'MissingParameter: The request must contain the parameter Name'],
    ['DescribeInstances', 'Foo=1', 'UnknownParameter: The parameter Foo is not recognized'],
    ['DescribeInstances', 'Filter.1.Nam=1', 'UnknownParameter: The parameter Filter.1.Nam is not recognized'],
    ['DescribeInstances', 'InstanceId.x=1', 'UnknownParameter: The parameter InstanceId.x is not recognized'],
    ['DescribeInstances', 'NextToken.1=x', 'UnknownParameter: The parameter NextToken.1 is not recognized'],
    [
      'RunInstances',
      'MinCount=one&MaxCount=1',
      'InvalidParameterValue: Value (one) for parameter MinCount is invalid. It must be a number.',
    ],
    [
      'RunInstances',
      'MinCount=1&MaxCount=1&EbsOptimized=yes',
      'InvalidParameterValue: Value (yes) for parameter EbsOptimized is invalid. It must be true or false.',
    ],
    [
      'DescribeInstances',
      'Filter=x',
      'InvalidParameterValue: Value (x) for parameter Filter is invalid. It must be a list.',
    ],
    [
      'ImportKeyPair',
      'KeyName=k&PublicKeyMaterial=%25',
      'InvalidParameterValue: Value (%) for parameter PublicKeyMaterial is invalid. It must be base64.',
    ],
  ])('%s %s', (operation, form, message) => {
    expect(refusal('ec2', operation, form)).toBe(message);
  });
});

describe('refusals of the plain query protocol', () => {
  const detected = 'ValidationError: 1 validation error detected:';
  it.each([
    [
      'SetDesiredCapacity',
      'DesiredCapacity=1',
      `${detected} Value null at 'autoScalingGroupName' failed to satisfy constraint: Member must not be null`,
    ],
    [
      'SetDesiredCapacity',
      'AutoScalingGroupName=a&DesiredCapacity=many',
      `${detected} Value 'many' at 'desiredCapacity' failed to satisfy constraint: Member must be a number`,
    ],
    [
      'CreateOrUpdateTags',
      'Tags.member.1.Value=x',
      `${detected} Value null at 'tags.1.key' failed to satisfy constraint: Member must not be null`,
    ],
    ['SetDesiredCapacity', 'Foo=1', `${detected} Unknown parameter 'Foo'`],
    [
      'DescribeAutoScalingGroups',
      'AutoScalingGroupNames.1=a',
      `${detected} Unknown parameter 'AutoScalingGroupNames.1'`,
    ],
    ['DescribeAdjustmentTypes', 'Foo=1', `${detected} Unknown parameter 'Foo'`],
    [
      'DescribeScheduledActions',
      'StartTime=tomorrow',
      `${detected} Value 'tomorrow' at 'startTime' failed to satisfy constraint: Member must be a time such as 2026-01-31T12:00:00Z`,
    ],
  ])('%s %s', (operation, form, message) => {
    expect(refusal('autoscaling', operation, form)).toBe(message);
  });
});

describe('malformed forms', () => {
  it.each(['a=%', 'a=%zz', 'a=%ff%fe', 'a=1&a=2', 'a..b=1', '.=1', `${'a.'.repeat(100)}b=1`])('%s', (form) => {
    expect(refusal('ec2', 'DescribeInstances', form)).toContain('MalformedQueryString');
  });

  it('keeps a value that is long out of the error', () => {
    expect(refusal('ec2', 'RunInstances', `MinCount=${'x'.repeat(5000)}`).length).toBeLessThan(400);
  });
});
