import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const template = path.join(root, 'packer');

/** Debian's Packer still has its builders built in; later ones load them from the network. */
const found = await execa('packer', ['version'], { reject: false });
const [, minor] = /Packer v1\.(\d+)/.exec(found.stdout ?? '') ?? [];
const runs = minor !== undefined && Number(minor) < 10;
const skipped = runs ? '' : " (skipped: needs Debian's packer 1.6.6)";

let cache: string;
beforeAll(async () => {
  cache = await mkdtemp(path.join(tmpdir(), 'gp-packer-cache-'));
});
afterAll(() => rm(cache, { recursive: true, force: true }));

const packer = (...argv: string[]) =>
  execa('packer', argv, {
    ...{ cwd: root, reject: false, all: true },
    env: { CHECKPOINT_DISABLE: '1', PACKER_CACHE_DIR: cache },
  });

// An endpoint is given so that nothing asks AWS for the names of its regions; validating connects to nothing.
const given = ['-var', 'endpoint=http://127.0.0.1:9', '-var', 'source_image=ami-0123456789abcdef0'];

describe.skipIf(!runs)(`the template of the base image${skipped}`, () => {
  it.each([
    ['with what it has by default', []],
    [
      'as `pipeline base build` calls it',
      ['-var', 'subnet_id=subnet-0a', '-var', 'ssh_port=2222', '-var', 'become=false'],
    ],
  ])('is valid %s', async (_how, more) => {
    const { exitCode, all } = await packer('validate', ...given, ...more, template);
    expect({ exitCode, all }).toMatchObject({ exitCode: 0, all: expect.not.stringContaining('Error') });
  });

  it('requires the image to build on', async () => {
    const { exitCode, all } = await packer('validate', ...given.slice(0, 2), template);
    expect(exitCode).toBe(1);
    expect(all).toContain('source_image');
  });

  it('is formatted as Packer formats it', async () => {
    expect(await packer('fmt', '-check', '-diff', template)).toMatchObject({ exitCode: 0 });
  });
});
