import { describe, expect, it } from 'vitest';
import { failureReason } from '../../src/hosts/galaxy.ts';

describe('the reason that ansible-galaxy installed nothing', () => {
  it('is the wrapped warning about a role, and not the error after it', () => {
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

  it('is given also where nothing was printed', () => {
    expect(failureReason('')).toBe('no reason given');
  });
});
