import { expect, it } from 'vitest';
import { type ProbeHost, probeSandbox } from '../../src/machines/probe.ts';

const able: ProbeHost = {
  find: (tool) => `/usr/bin/${tool}`,
  sysctl: () => undefined,
  attempt: async () => undefined,
  loginShell: '/bin/bash',
};
const refused = async () => 'bwrap: setting up uid map: Permission denied';

it('finds this host fit', async () => {
  expect(await probeSandbox()).toEqual({ ok: true });
});

it('names the missing programs and their packages', async () => {
  const result = await probeSandbox({
    ...able,
    find: (tool) => (/^(sv|runsvdir|bwrap)$/.test(tool) ? undefined : tool),
  });
  expect(result).toEqual({
    ok: false,
    problem: 'not installed: bwrap, runsvdir, sv',
    fix: 'sudo apt-get install -y bubblewrap runit',
  });
});

it.each([
  ['kernel/apparmor_restrict_unprivileged_userns', '1', 'kernel.apparmor_restrict_unprivileged_userns=0'],
  ['kernel/unprivileged_userns_clone', '0', 'kernel.unprivileged_userns_clone=1'],
  ['user/max_user_namespaces', '0', 'user.max_user_namespaces=10000'],
])('says how to fix %s = %s', async (name, value, fix) => {
  const sysctl = (asked: string) => (asked === name ? value : undefined);
  const result = await probeSandbox({ ...able, attempt: refused, sysctl });
  expect(result).toMatchObject({
    ok: false,
    problem: expect.stringContaining('setting up uid map: Permission denied'),
  });
  expect(result).toMatchObject({ fix: expect.stringContaining(`sudo sysctl -w ${fix}`) });
});

it('points at the container when no setting forbids it, and at a login shell that lets nobody in', async () => {
  expect(await probeSandbox({ ...able, attempt: refused })).toMatchObject({
    fix: expect.stringContaining('--privileged'),
  });
  const nologin = await probeSandbox({ ...able, loginShell: '/usr/sbin/nologin' });
  expect(nologin).toMatchObject({ ok: false, problem: expect.stringContaining('/usr/sbin/nologin') });
});
