import { type Redact, redacted } from '../shared/redact.ts';
import { commandLine } from './command-line.ts';

const secretName = /secret|passw|passphrase|token|api-?_?key|access-?_?key|private-?_?key|credential|authorization/i;
/** An option whose value is a secret, with its value or without; or a variable of the environment. */
const option = /^(--?[\w-]+|\w+)(?:(=)([\s\S]*))?$/;
/** Options of one letter mean something else in most programs. The value may be in the same word. */
const letters: readonly { program: RegExp; letter: string; apart: boolean }[] = [
  { program: /^(mysql|mariadb)[\w-]*$/, letter: '-p', apart: false },
  { program: /^(mongo\w*|sshpass)$/, letter: '-p', apart: true },
  { program: /^redis-cli$/, letter: '-a', apart: true },
  { program: /^curl$/, letter: '-u', apart: true },
  // Of docker and others.
  { program: /^login$/, letter: '-p', apart: true },
];
/** The words of a shell command line within one word, with their quotes. */
const inShell = /(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"';|&()])+/g;

/** The command line for the records, without what looks like a secret; each word is looked at before it is quoted. */
export function safeCommandLine(argv: readonly string[], redact: Redact): string {
  return commandLine(redactWords(argv, redact));
}

/** Hides values of options and variables with the name of a secret, also in a word that is a command line for a shell. */
export function redactWords(words: readonly string[], redact: Redact): string[] {
  let next = false;
  let short: (typeof letters)[number][] = [];
  return words.map((word) => {
    const hidden = next && !/^-/.test(word);
    next = false;
    if (hidden) return redacted;
    const program = word.slice(word.lastIndexOf('/') + 1);
    const known = letters.filter((one) => one.program.test(program));
    if (known.length > 0) short = known;
    for (const { letter, apart } of short) {
      if (word === letter) next = apart;
      else if (word.startsWith(letter)) return `${letter}${redacted}`;
    }
    if (isForShell(word)) return redact(redactShell(word, redact));
    const [, name = '', equals] = option.exec(word) ?? [];
    if (!secretName.test(name)) return redact(word);
    if (equals) return `${name}=${redacted}`;
    next = name.startsWith('-');
    return redact(word);
  });
}

/** `NAME=a b` is a variable, `NAME="a b" program` is for a shell. */
function isForShell(word: string): boolean {
  const [, name = '', quote = ''] = /^(\w+)=(["']?)/.exec(word) ?? [];
  return /\s/.test(word) && !word.startsWith('-') && (quote !== '' || !secretName.test(name));
}

function redactShell(text: string, redact: Redact): string {
  const words = [...text.matchAll(inShell)];
  const safe = redactWords(
    words.map(([word]) => unquoted(word)),
    redact,
  );
  let [out, at] = ['', 0];
  for (const [index, found] of words.entries()) {
    const changed = safe[index] !== unquoted(found[0]);
    out += text.slice(at, found.index) + (changed ? safe[index] : found[0]);
    at = found.index + found[0].length;
  }
  return out + text.slice(at);
}

function unquoted(word: string): string {
  return word.replace(
    /"((?:[^"\\]|\\.)*)"|'([^']*)'/g,
    (_, double?: string, single?: string) => double ?? single ?? '',
  );
}
