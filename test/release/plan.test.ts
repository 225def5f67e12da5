import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { planRelease } from '../../src/release/plan.ts';
import { Simulated } from '../support/simulated.ts';

let world: Simulated;
beforeAll(async () => {
  world = await Simulated.create([], { switching: true });
});
afterAll(() => world.close());

const plan = (options: Parameters<typeof planRelease>[2] = {}) => planRelease(world.services, world.clock, options);

describe('a release with uncommitted changes', () => {
  const files: string[] = [];
  const touch = async (name: string) => {
    const { repository, path: folder } = world.services.fleet.source;
    const file = path.join(repository, folder, name);
    files.push(file);
    await writeFile(file, '// not yet\n');
  };
  afterEach(() => Promise.all(files.splice(0).map((file) => rm(file))));

  it('is refused, and names the changed file', async () => {
    await touch('later.ts');
    await expect(plan()).rejects.toMatchObject({
      code: 'git.dirty',
      outcome: 'usage',
      details: [expect.stringMatching(/\blater\.ts$/)],
      fix: expect.stringContaining('--ref HEAD'),
    });
  });

  it('names up to five files', async () => {
    for (let n = 0; n < 7; n++) await touch(`later-${n}.ts`);
    const error: { details?: string[] } = await plan().catch((thrown) => thrown);
    expect(error.details).toHaveLength(6);
    expect(error.details?.[5]).toBe('and 2 more');
  });

  it('is accepted when a commit is given', async () => {
    const { commit } = (await plan()).initial;
    await touch('later.ts');
    expect((await plan({ ref: 'HEAD' })).initial.commit).toBe(commit);
  });
});

describe('a release that cannot be planned:', () => {
  it('a commit with a pointer of Git LFS', async () => {
    const { dir } = world.project;
    const head = await world.project.head();
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 12345\n`;
    await writeFile(path.join(dir, 'examples/api/poster.png'), pointer);
    execFileSync('git', ['-C', dir, 'add', '--all']);
    await world.project.commit('A poster');
    try {
      await expect(plan()).rejects.toMatchObject({ code: 'git.lfs', outcome: 'usage' });
      await expect(plan({ ref: 'HEAD' })).rejects.toMatchObject({ code: 'git.lfs' });
    } finally {
      execFileSync('git', ['-C', dir, 'reset', '--quiet', '--hard', head]);
    }
  });

  it('a missing commit', async () => {
    await expect(plan({ ref: 'no-such-branch' })).rejects.toMatchObject({ outcome: 'usage' });
  });

  it('blue/green for a fleet with one group', async () => {
    await expect(plan({ strategy: 'blue-green' })).rejects.toMatchObject({
      code: 'release.strategy',
      outcome: 'usage',
    });
  });
});
