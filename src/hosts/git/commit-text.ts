/** What a commit says of itself. */
export interface CommitText {
  /** The first paragraph of the message as one line, cut at 200 characters; empty for a commit without a message. */
  subject: string;
  /** Name of the author, without the address. */
  author: string;
}

const longestSubject = 200;

/**
 * Reads the text of a commit object (git-commit-tree(1)): headers, an empty line, the message.
 * @param raw Its bytes in latin1, one character each; they are decoded as its header `encoding` says, by default as UTF-8.
 */
export function readCommitText(raw: string): CommitText {
  const end = raw.indexOf('\n\n');
  const headers = end < 0 ? raw : raw.slice(0, end);
  const message = end < 0 ? '' : raw.slice(end + 2);
  const decode = decoderOf(header(headers, 'encoding'));
  const [paragraph = ''] = message.replace(/^\n+/, '').split(/\n\s*\n/, 1);
  const subject = decode(paragraph).trim().replace(/\s+/g, ' ');
  const [, author = ''] = /^(.*?) ?<[^<>]*> /.exec(header(headers, 'author') ?? '') ?? [];
  return {
    subject: subject.length > longestSubject ? `${subject.slice(0, longestSubject - 1)}…` : subject,
    author: decode(author),
  };
}

function header(headers: string, name: string): string | undefined {
  return new RegExp(`^${name} (.*)$`, 'm').exec(headers)?.[1];
}

/** An unknown encoding is read as UTF-8: strange letters are better than no release. */
function decoderOf(encoding = 'utf-8'): (bytes: string) => string {
  const decoder = () => {
    try {
      return new TextDecoder(encoding);
    } catch {
      return new TextDecoder();
    }
  };
  return (bytes) => decoder().decode(Buffer.from(bytes, 'latin1'));
}
