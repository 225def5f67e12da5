import { expect, it } from 'vitest';
import { describeDriver } from './driver-behaviour.ts';
import { exec, SandboxFixture } from './support/sandbox-fixture.ts';

describeDriver('SandboxDriver', async () => {
  const fixture = await SandboxFixture.open();
  return {
    driver: fixture.driver,
    spec: () => fixture.spec(),
    settle: (promise) => promise,
    kill: async (spec) => {
      // From within, as a crashing init; the host's number of pid 1 is not the driver's to tell.
      const pid = await initOf(fixture, spec.instanceId);
      process.kill(pid, 'SIGKILL');
    },
    close: () => fixture.close(),
  };
});

async function initOf(fixture: SandboxFixture, instanceId: string): Promise<number> {
  const { stdout } = await exec('ps', ['-eo', 'pid=,ppid=,comm=,args=']);
  const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/));
  const outer = rows.find(
    (row) => row[2] === 'bwrap' && row.join(' ').includes(`${fixture.dir}/machines/${instanceId}/`),
  );
  const init = rows.find((row) => row[1] === outer?.[0]);
  expect(init?.[2]).toBe('runit-init');
  return Number(init?.[0]);
}

it('refuses ids that would leave its folder', async () => {
  const fixture = await SandboxFixture.open();
  try {
    await expect(fixture.driver.create(fixture.spec({ imageId: '../../etc' }))).rejects.toThrow(
      'not an instance or image id',
    );
    await expect(fixture.driver.destroy('../images')).rejects.toThrow('not an instance or image id');
    await expect(fixture.driver.deleteImage('')).rejects.toThrow('not an instance or image id');
  } finally {
    await fixture.close();
  }
});
