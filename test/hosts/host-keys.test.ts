import { describe, expect, it } from 'vitest';
import { keysFromConsole, knownHostsFile } from '../../src/hosts/host-keys.ts';

const key = (letter: string) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${letter.repeat(43)}`;
const block = (...lines: string[]) =>
  ['-----BEGIN SSH HOST KEY KEYS-----', ...lines, '-----END SSH HOST KEY KEYS-----', ''].join('\n');

describe('keysFromConsole', () => {
  it('reads the keys of the block, without comments', () => {
    const rsa = `ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ${'x'.repeat(40)}==`;
    expect(keysFromConsole(`boot\n${block(`${key('A')} root@ip-10-0-0-1`, rsa)}login:`)).toEqual([key('A'), rsa]);
  });
  it("reads those of the last boot, and lines with a logger's prefix", () => {
    const prefixed = block(`[   12.1] cloud-init[811]: ${key('B')} root@x\r`).replaceAll(
      '-----BEGIN',
      'ec2: -----BEGIN',
    );
    expect(keysFromConsole(block(key('A')) + prefixed)).toEqual([key('B')]);
  });
  it('waits for a complete block', () => {
    expect(keysFromConsole(undefined)).toBeUndefined();
    expect(keysFromConsole('')).toBeUndefined();
    expect(keysFromConsole(`-----BEGIN SSH HOST KEY KEYS-----\n${key('A')}\n`)).toBeUndefined();
    expect(keysFromConsole(block('nothing here'))).toBeUndefined();
  });
  it('uses the last complete block while a new one is being printed', () => {
    expect(keysFromConsole(`${block(key('A'))}-----BEGIN SSH HOST KEY KEYS-----\n${key('B')}`)).toEqual([key('A')]);
  });
});

it("host keys are pinned under the pipeline's own name", () => {
  expect(knownHostsFile('i-1', [key('A')])).toBe(`i-1 ${key('A')}\n`);
});
