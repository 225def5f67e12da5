import { describe, expect, it } from 'vitest';
import { failureReason } from '../../src/hosts/galaxy.ts';

describe('why ansible-galaxy installed nothing', () => {
  it('is the warning of a role, which is wrapped, and not the error that comes after it', () => {
    const printed = `Starting galaxy role install process
[WARNING]: - geerlingguy.nginx was NOT installed successfully: Unknown error
when attempting to call Galaxy at 'http://127.0.0.1:1/api': <urlopen error
[Errno 111] Connection refused>
ERROR! - you can use --ignore-errors to skip failed roles and finish processing the list.
`;
    expect(failureReason(printed)).toBe(
      "geerlingguy.nginx was NOT installed successfully: Unknown error when attempting to call Galaxy at 'http://127.0.0.1:1/api': <urlopen error [Errno 111] Connection refused>",
    );
  });

  it('is the error of a collection', () => {
    expect(
      failureReason("[WARNING]: Skipping Galaxy server\nERROR! Unknown error when attempting to call Galaxy at 'x'\n"),
    ).toBe("Unknown error when attempting to call Galaxy at 'x'");
  });

  it('is there also where nothing was printed', () => {
    expect(failureReason('')).toBe('no reason given');
  });
});
