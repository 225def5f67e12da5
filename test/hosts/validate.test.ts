import { expect, it } from 'vitest';
import { checkHost, checkLogin } from '../../src/hosts/validate.ts';

const host = { instanceId: 'i-0123456789abcdef0', address: '10.0.0.1' };
const login = { user: 'deploy', port: 22 };

it.each(['10.0.0.1', '2001:db8::1', 'localhost', 'ip-10-0-0-1.eu-west-1.compute.internal'])(
  'a host is reached at %s',
  (address) => {
    checkHost({ ...host, address });
  },
);

it.each([
  '',
  '-oProxyCommand=id',
  'a b',
  'a;id',
  'a,b',
  'host:22',
  'user@host',
  '.a',
  'a..b',
  `${'a'.repeat(64)}.b`,
  'a\nb',
])('an address that ssh or Ansible could read as something else is refused: %j', (address) => {
  expect(() => checkHost({ ...host, address })).toThrow(
    expect.objectContaining({
      code: 'ssh.bad-host',
      outcome: 'usage',
      message: `address ${JSON.stringify(address)} of ${host.instanceId} is neither an IP address nor a host name`,
    }),
  );
});

it.each(['', '-i', 'all:!x', 'i_0', '*', 'i-0\n'])('an instance id that is a pattern is refused: %j', (instanceId) => {
  expect(() => checkHost({ ...host, instanceId })).toThrow(
    expect.objectContaining({ code: 'ssh.bad-host', message: `instance id ${JSON.stringify(instanceId)} is not one` }),
  );
});

it.each(['deploy', '_apt', 'Ann.Lee-2'])('a valid user is %s', (user) => {
  checkLogin({ ...login, user });
});

it.each(['', '-l', 'root@other', 'a b', '$(id)', 'ann\n', '9ann', 'a'.repeat(33)])('an invalid user is %j', (user) => {
  expect(() => checkLogin({ ...login, user })).toThrow(
    expect.objectContaining({ code: 'ssh.bad-user', outcome: 'usage' }),
  );
});

it.each([1, 65_535])('a valid port is %i', (port) => {
  checkLogin({ ...login, port });
});

it.each([0, -1, 65_536, 22.5, Number.NaN])('an invalid port is %d', (port) => {
  expect(() => checkLogin({ ...login, port })).toThrow(
    expect.objectContaining({ code: 'ssh.bad-port', outcome: 'usage' }),
  );
});
