import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { operations, type ServiceName } from '../../src/wire/operations.ts';
import { ServiceShapes, serviceShapes } from '../../src/wire/shapes.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

it('is current: the generated shapes are those of the installed SDK', async () => {
  const { exitCode, stderr } = await execa('node', ['scripts/extract-shapes.mjs', '--check'], {
    cwd: root,
    reject: false,
  });
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
}, 60_000);

it('decodes every shape of every operation', () => {
  for (const service of Object.keys(operations) as ServiceName[]) {
    const shapes = serviceShapes[service];
    expect(shapes.operationNames.toSorted()).toEqual(operations[service].toSorted());
    const seen = new Set<string>();
    const walk = (type: string | undefined) => {
      if (type === undefined || seen.has(type)) return;
      seen.add(type);
      const shape = shapes.shape(type);
      if (shape.kind === 'struct') for (const member of shape.members) walk(member.type);
      if (shape.kind === 'list' || shape.kind === 'map') walk(shape.of);
    };
    for (const name of shapes.operationNames) {
      walk(shapes.operation(name)?.input);
      walk(shapes.operation(name)?.output);
    }
    expect(seen.size).toBeGreaterThan(operations[service].length);
  }
});

it('knows the names of both directions', () => {
  const { ec2 } = serviceShapes;
  const shape = ec2.shape('DescribeInstancesRequest');
  if (shape.kind !== 'struct') throw new Error('not a structure');
  expect(shape.byRequestKey.get('InstanceId')).toMatchObject({ name: 'InstanceIds' });
  expect(shape.byRequestKey.get('DryRun')).toMatchObject({ name: 'DryRun', type: 'b', xmlKey: 'dryRun' });
  expect(ec2.operation('toString')).toBeUndefined();
  expect(() => ec2.shape('NoSuchShape')).toThrow('no shape NoSuchShape');
});

it('reads definitions of lists and maps with names of their own', () => {
  const shapes = new ServiceShapes({
    protocol: 'query',
    version: '1',
    xmlNamespace: 'x',
    operations: {},
    shapes: { L: 'list n item', M: 'map L k v' },
  });
  expect(shapes.shape('L')).toEqual({ kind: 'list', of: 'n', item: 'item' });
  expect(shapes.shape('M')).toEqual({ kind: 'map', of: 'L', keyName: 'k', valueName: 'v' });
  expect(shapes.shape('[]s')).toEqual({ kind: 'list', of: 's', item: 'member' });
  expect(shapes.shape('{}t')).toEqual({ kind: 'map', of: 't', keyName: 'key', valueName: 'value' });
});

it('needs nothing of the SDK at run time', async () => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['packages/local-cloud/src/wire/server.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    metafile: true,
  });
  expect(Object.keys(metafile.inputs).filter((path) => path.includes('node_modules'))).toEqual([]);
});
