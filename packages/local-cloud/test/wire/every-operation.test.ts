import * as autoscaling from '@aws-sdk/client-auto-scaling';
import * as cloudwatch from '@aws-sdk/client-cloudwatch';
import * as ec2 from '@aws-sdk/client-ec2';
import * as elb from '@aws-sdk/client-elastic-load-balancing-v2';
import { systemClock } from '@golden-pipeline/shared/clock';
import fc from '@golden-pipeline/shared/testing/fast-check';
import { describe, expect, it } from 'vitest';
import type { HandlerTable } from '../../src/wire/handler.ts';
import { createResponder } from '../../src/wire/respond.ts';
import { serviceShapes, type TypeRef } from '../../src/wire/shapes.ts';
import { inProcess } from './support/in-process.ts';
import { credentials, region } from './support/start-wire.ts';
import { valuesOf } from './support/values.ts';

/** The SDK's packages as tables of what they export. */
const packages = {
  ec2: { exports: ec2 as unknown as Record<string, Command>, Client: ec2.EC2Client },
  autoscaling: { exports: autoscaling as unknown as Record<string, Command>, Client: autoscaling.AutoScalingClient },
  elasticloadbalancing: {
    exports: elb as unknown as Record<string, Command>,
    Client: elb.ElasticLoadBalancingV2Client,
  },
  monitoring: { exports: cloudwatch as unknown as Record<string, Command>, Client: cloudwatch.CloudWatchClient },
} as const;
type Command = new (input: unknown) => never;

describe.each(['ec2', 'autoscaling', 'elasticloadbalancing', 'monitoring'] as const)('%s', (service) => {
  const shapes = serviceShapes[service];
  const exchange: { input?: unknown; output?: unknown } = {};
  const reports: unknown[] = [];
  const table: HandlerTable = Object.fromEntries(
    shapes.operationNames.map((name) => [
      name,
      (input: unknown) => {
        exchange.input = input;
        return exchange.output;
      },
    ]),
  );
  const respond = createResponder({
    tables: { ec2: {}, autoscaling: {}, elasticloadbalancing: {}, [service]: table },
    credentials,
    region,
    clock: systemClock(),
    report: (error) => reports.push(error),
  });
  const { exports, Client } = packages[service];
  const client = new Client({
    endpoint: 'http://127.0.0.1:1',
    region,
    credentials,
    maxAttempts: 1,
    requestHandler: inProcess(respond),
  }) as unknown as { send(command: unknown): Promise<Record<string, unknown>> };

  const values = (type: TypeRef | undefined, emptyLists: boolean) =>
    (type === undefined ? undefined : valuesOf(shapes, type, emptyLists)) ?? fc.constant({});

  it.each(shapes.operationNames)('%s: what is sent arrives, what is answered is read', async (name) => {
    const shape = shapes.operation(name);
    const input = values(shape?.input, service !== 'ec2');
    const output = values(shape?.output, true);
    const Command = exports[`${name}Command`];
    if (!Command) throw new Error(`the SDK has no ${name}`);
    const property = fc.asyncProperty(input, output, async (sent, answered) => {
      const { DryRun: _, ...request } = sent as Record<string, unknown>;
      exchange.output = answered;
      const { $metadata, ...read } = await client.send(new Command(request));
      expect(exchange.input).toEqual(withoutTokens(request, exchange.input as object));
      expect(read).toEqual(withReturn(answered as object, read));
    });
    await fc.assert(property, { numRuns: 8 });
    expect(reports).toEqual([]);
  });
});

/** Clients fill in idempotency tokens by themselves, and what a copy of a snapshot is signed with. */
function withoutTokens(sent: object, received: object): object {
  const filled = Object.entries(received).filter(([name]) => name.endsWith('ClientToken') && !(name in sent));
  const signed = Object.entries(received).filter(([name]) => name === 'PresignedUrl' || name === 'DestinationRegion');
  return { ...Object.fromEntries(filled), ...sent, ...Object.fromEntries(signed) };
}

/** EC2 says `return` where the handler does not. */
function withReturn(answered: object, read: Record<string, unknown>): object {
  return read.Return === true ? { Return: true, ...answered } : answered;
}
