import { quoteWord } from '@golden-pipeline/shared/quote';
import { expect, it } from 'vitest';
import { machineEnvironment, ofMachine } from '../../src/machines/machine-environment.ts';
import { shellAssignments } from '../../src/machines/shell-assignments.ts';
import { terminalsWork } from '../../src/machines/sshd-config.ts';

it('forwards what the network needs and nothing else of the host', () => {
  const host = {
    HTTPS_PROXY: 'http://proxy:3128',
    npm_config_registry: 'http://registry/',
    AWS_SECRET_ACCESS_KEY: 's',
    HOME: '/home/me',
  };
  const { variables, files } = machineEnvironment(host, { FLEET: 'api' }, '/usr/bin/node');
  expect(variables).toMatchObject({
    HTTPS_PROXY: host.HTTPS_PROXY,
    npm_config_registry: host.npm_config_registry,
    FLEET: 'api',
    HOME: '/root',
  });
  expect(variables).not.toHaveProperty('AWS_SECRET_ACCESS_KEY');
  expect(files).toEqual({});
});

it('gives the machine copies of certificate files that exist', () => {
  const host = { NODE_EXTRA_CA_CERTS: import.meta.filename, SSL_CERT_FILE: '/nowhere.pem' };
  const { variables, files } = machineEnvironment(host, {}, '/usr/bin/node');
  expect(files).toEqual({ 'NODE_EXTRA_CA_CERTS.pem': import.meta.filename });
  expect(variables.NODE_EXTRA_CA_CERTS).toBe('/run/cloud/NODE_EXTRA_CA_CERTS.pem');
  expect(variables).not.toHaveProperty('SSL_CERT_FILE');
});

it('mounts a Node that is not below /usr, first in PATH', () => {
  const { variables, nodePrefix } = machineEnvironment({}, {}, '/home/me/.nvm/versions/node/v20.19.0/bin/node');
  expect(nodePrefix).toBe('/home/me/.nvm/versions/node/v20.19.0');
  expect(variables.PATH).toMatch(/^\/opt\/node\/bin:/);
});

it('quotes for the shell', () => {
  expect(quoteWord("it's")).toBe(`'it'\\''s'`);
  expect(shellAssignments({ A: '$(id)', 'b;c': 'x' }, true)).toBe("export A='$(id)'\n");
});

it.each([
  ['gid=5,mode=620', true],
  ['mode=620', false],
])('knows whether an sshd without privileges can hand out terminals (devpts %s)', (options, works) => {
  const files: Record<string, string> = {
    '/etc/group': 'root:x:0:\ntty:x:5:\n',
    '/proc/mounts': `proc /proc proc rw 0 0\ndevpts /dev/pts devpts rw,nosuid,${options} 0 0\n`,
  };
  expect(terminalsWork((file) => files[file] ?? '')).toBe(works);
});

it('gives each machine its own variables, whose hosts are not asked through a proxy', () => {
  const own = {
    AWS_ENDPOINT_URL: 'http://127.0.0.1:4000',
    AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.9.16.1:16925',
  };
  const proxied = machineEnvironment({ http_proxy: 'http://proxy:3128', NO_PROXY: 'registry' }, {}, '/usr/bin/node');
  expect(ofMachine(proxied, own).variables).toMatchObject({
    ...own,
    NO_PROXY: 'registry,127.0.0.1,127.9.16.1',
    no_proxy: '127.0.0.1,127.9.16.1',
  });
  const direct = machineEnvironment({}, {}, '/usr/bin/node');
  expect(ofMachine(direct, own).variables).not.toHaveProperty('NO_PROXY');
  expect(ofMachine(direct, {})).toEqual(direct);
});
