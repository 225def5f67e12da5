import { describe, expect, it } from 'vitest';
import { readCommitText } from '../../../src/hosts/git/commit-text.ts';
import { bytesOf } from '../../../src/hosts/git/run-git.ts';

const head =
  'tree 1\nparent 2\nauthor Ann Bø <ann@example.org> 1700000000 +0100\ncommitter Bob <b@example.org> 1 +0000';
const read = (message: string) => readCommitText(bytesOf(`${head}\n\n${message}`));

describe('the text of a commit', () => {
  it('has the subject and the name of the author, without the address', () => {
    expect(read('Sell tickets in Tromsø\n\nBecause they ask.\n')).toEqual({
      subject: 'Sell tickets in Tromsø',
      author: 'Ann Bø',
    });
  });

  it('joins a subject of several lines, and cuts a long one', () => {
    expect(read('\nOne\n  two\n\nthree').subject).toBe('One two');
    expect(read('x'.repeat(1000)).subject).toBe(`${'x'.repeat(199)}…`);
  });

  it('is empty for a commit without message or author', () => {
    expect(read('')).toEqual({ subject: '', author: 'Ann Bø' });
    expect(readCommitText('tree 1\nauthor <> 1 +0000\n\n')).toEqual({ subject: '', author: '' });
  });

  it('is decoded by its header, and as UTF-8 where that names nothing known', () => {
    const raw = 'tree 1\nauthor J\xfcrgen <j@example.org> 1 +0000\nencoding ISO-8859-1\n\nGr\xfc\xdfe\n';
    expect(readCommitText(raw)).toEqual({ subject: 'Grüße', author: 'Jürgen' });
    expect(readCommitText(raw.replace('ISO-8859-1', 'x-none')).author).toMatch(/^J.rgen$/);
  });
});
