import { XMLParser } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { answerDocument, errorDocument } from '../../src/wire/documents.ts';
import { serviceShapes } from '../../src/wire/shapes.ts';
import { writeOutput } from '../../src/wire/write-output.ts';
import { escapeXml } from '../../src/wire/xml.ts';

const { ec2, autoscaling, elasticloadbalancing } = serviceShapes;

describe('documents', () => {
  it('of EC2', () => {
    expect(answerDocument(ec2, 'DescribeInstances', { Reservations: [] }, 'id-1')).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15">' +
        '<requestId>id-1</requestId><reservationSet/></DescribeInstancesResponse>',
    );
    expect(answerDocument(ec2, 'RebootInstances', undefined, 'id-1')).toContain(
      '</requestId><return>true</return></Reb',
    );
    expect(answerDocument(ec2, 'DeleteSecurityGroup', undefined, 'id-1')).toContain('<return>true</return>');
    expect(answerDocument(ec2, 'DeleteSecurityGroup', { Return: false }, 'id-1')).toContain('<return>false</return>');
  });

  it('of the plain query protocol', () => {
    const start = '<?xml version="1.0" encoding="UTF-8"?>\n';
    const end = '<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata>';
    const xmlns = 'xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"';
    expect(answerDocument(autoscaling, 'DeleteAutoScalingGroup', undefined, 'id-1')).toBe(
      `${start}<DeleteAutoScalingGroupResponse ${xmlns}>${end}</DeleteAutoScalingGroupResponse>`,
    );
    expect(answerDocument(autoscaling, 'StartInstanceRefresh', { InstanceRefreshId: 'r' }, 'id-1')).toBe(
      `${start}<StartInstanceRefreshResponse ${xmlns}><StartInstanceRefreshResult><InstanceRefreshId>r</InstanceRefreshId></StartInstanceRefreshResult>${end}</StartInstanceRefreshResponse>`,
    );
    expect(answerDocument(elasticloadbalancing, 'RegisterTargets', {}, 'id-1')).toContain('<RegisterTargetsResult/>');
  });

  it('of errors', () => {
    const error = { code: 'A', message: '<b>', status: 400 };
    expect(errorDocument('ec2', error, 'id-1')).toContain(
      '<Response><Errors><Error><Code>A</Code><Message>&lt;b&gt;</Message></Error></Errors><RequestID>id-1</RequestID></Response>',
    );
    expect(errorDocument('query', error, 'id-1')).toContain(
      '<ErrorResponse><Error><Type>Sender</Type><Code>A</Code><Message>&lt;b&gt;</Message></Error><RequestId>id-1</RequestId></ErrorResponse>',
    );
    expect(errorDocument('query', { ...error, status: 503 }, 'id-1')).toContain('<Type>Receiver</Type>');
  });
});

describe('values', () => {
  it('leaves out what is absent, and writes times with milliseconds', () => {
    const instance = {
      InstanceId: 'i-1',
      ImageId: undefined,
      KeyName: null,
      LaunchTime: new Date('2026-01-01T00:00:00Z'),
    };
    expect(writeOutput(ec2, 'Instance', instance)).toBe(
      '<instanceId>i-1</instanceId><launchTime>2026-01-01T00:00:00.000Z</launchTime>',
    );
  });

  it('names the member that a handler got wrong', () => {
    const reservations = (instance: object) => ({ Reservations: [{ Instances: [instance] }] });
    const write = (instance: object) => () => writeOutput(ec2, 'DescribeInstancesResult', reservations(instance));
    const where = "the answer's Reservations[0].Instances[0]";
    expect(write({ LaunchTime: 5 })).toThrow(`${where}.LaunchTime must be a Date, not number 5`);
    expect(write({ Tags: 'x' })).toThrow(`${where}.Tags must be a list`);
    expect(write({ State: 'running' })).toThrow(`${where}.State must be a structure`);
    expect(write({ AmiLaunchIndex: Number.NaN })).toThrow(`${where}.AmiLaunchIndex must be a number`);
    expect(write({ EbsOptimized: 'true' })).toThrow(`${where}.EbsOptimized must be a boolean`);
    expect(write({ InstanceId: 5 })).toThrow(`${where}.InstanceId must be a string`);
  });

  it('escapes text, and drops what XML cannot hold', () => {
    expect(escapeXml(`<a href="x">&'\r\n\t`)).toBe('&lt;a href=&quot;x&quot;&gt;&amp;&apos;&#xD;\n\t');
    expect(escapeXml('a\u0000\u0008\u000b\u001f\ufffe\uffff\ud800b\udc00😀')).toBe('ab😀');
    const parsed = new XMLParser({ trimValues: false }).parse(`<a>${escapeXml('😀 &amp; x')}</a>`);
    expect(parsed.a).toBe('😀 &amp; x');
  });
});
