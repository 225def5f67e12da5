import { type Redact, redacted } from '../shared/redact.ts';
import { commandLine } from './command-line.ts';
import { hideAssigned, hideHeader, hideInside, takesSecret } from './secret-names.ts';

/** Options that mean something else, or no secret, in most programs. */
interface Options {
  program: RegExp;
  /** Of one letter, perhaps after flags in the same word. The value may be in the same word, too. */
  letters: string;
  /** Flags that may stand before it in one word: a class of characters. */
  flags?: string;
  /** Its value may be the next word. */
  apart: boolean;
  long?: RegExp;
}
const options: readonly Options[] = [
  // Here `-p` alone asks for the password.
  { program: /^(mysql|mariadb)[\w-]*$/, letters: 'p', flags: 'A-CE-HK-LNQRX-Ya-dfi-jlnoq-tv-y', apart: false },
  { program: /^(mongo\w*|sshpass)$/, letters: 'p', apart: true },
  { program: /^redis-cli$/, letters: 'a', apart: true },
  // https://curl.se/docs/manpage.html: the flags without a value.
  {
    program: /^curl$/,
    letters: 'uU',
    flags: '#0-46aBfgGiIjJklLMnNOpqRsSvVZ',
    apart: true,
    long: /^--(user|proxy-user|oauth2-bearer)$/,
  },
  // Of docker and others.
  { program: /^login$/, letters: 'p', apart: true },
];

/** What takes the next word as a command line, unless it is an option. */
const shell = /^(sh|bash|dash|zsh|ash|ksh|su)$/;
const commandOption = /^-[a-z]*c[a-z]*$/i;
/** What takes variables, each in a word of its own. */
const environment = /^(env|sudo)$/;
const variableOption = /^(-e|--env|--build-arg|--setenv|-E)$/;
const headerOption = /^(-H|--header|--proxy-header)$/;
/** After an option for a secret: one that had no value there, and not a secret that begins with a dash. */
const looksLikeOption = /^(-[a-z]?|--([a-z][a-z-]*(=[\s\S]*)?)?)$/i;
/** A command in a value: to be recorded like others. */
const substitution = /\$\((?:[^()]|\([^()]*\))*\)|`[^`]*`/g;
const piece = /"(?:[^"\\]|\\[\s\S])*"|'[^']*'|\\[\s\S]|\$(?!\()|[^\s"';|&()`<>$\\]/.source;
/** The words of a shell command line within one word, with their quotes; a variable with the commands that its value is made by. */
const inShell = new RegExp(`\\w+=(?:${substitution.source}|${piece})*|(?:${piece})+`, 'g');

/** The command line for the records, without what looks like a secret; each word is looked at before it is quoted. */
export function safeCommandLine(argv: readonly string[], redact: Redact): string {
  return commandLine(redactWords(argv, redact));
}

/**
 * Hides values of options, variables, headers, JSON keys and parts of URLs with the name of a secret, also in a word that is a command line
 * for a shell. There everything but these values stays, since the records say what was done.
 */
export function redactWords(words: readonly string[], redact: Redact): string[] {
  return hideIn(words, redact, () => false);
}

/** @param isAssigned Whether the word is a variable for sure, with all that follows its name. */
function hideIn(words: readonly string[], redact: Redact, isAssigned: (index: number) => boolean): string[] {
  let next = false;
  let known: readonly Options[] = [];
  let shells = false;
  let isCommand = false;
  let variables = false;
  return words.map((word, index) => {
    const before = words[index - 1] ?? '';
    if (next && !looksLikeOption.test(word)) {
      next = false;
      return redacted;
    }
    next = false;
    const program = word.slice(word.lastIndexOf('/') + 1);
    const found = options.filter((one) => one.program.test(program));
    if (found.length > 0) known = found;
    // No option follows it.
    else if (word === '--') known = [];
    if (isCommand && !/^[-+]/.test(word)) {
      isCommand = false;
      return redact(redactShell(word, redact));
    }
    if (shell.test(program)) shells = true;
    else if (shells && commandOption.test(word)) isCommand = true;
    if (environment.test(program)) variables = true;
    else if (!/^(-|\w+=)/.test(word) && !before.startsWith('-')) variables = false;
    for (const one of known) {
      const { letters, flags = 'v', apart, long } = one;
      const [, option = '', value] = new RegExp(`^(-[${flags}]*[${letters}])([\\s\\S]+)?$`).exec(word) ?? [];
      if (value !== undefined) return `${option}${redacted}`;
      const [name = ''] = word.split('=', 1);
      if (long?.test(name) && name !== word) return `${name}=${redacted}`;
      if (option !== '' || long?.test(word)) next = apart;
    }
    const header = hideHeader(word, headerOption.test(before));
    if (header !== undefined) return redact(header);
    const isForShell = (/\s/.test(word) && !word.startsWith('-')) || (isAssigned(index) && /\$\(|`/.test(word));
    // `NAME=a b` is a variable here, and elsewhere a command with one.
    const isVariable = isAssigned(index) || ((variables || variableOption.test(before)) && /^\w+=/.test(word));
    const assigned = isForShell && !isVariable ? undefined : hideAssigned(word);
    if (assigned !== undefined) return redact(hideInside(assigned));
    if (isForShell) {
      const [name = ''] = isVariable ? (/^\w+=/.exec(word) ?? []) : [];
      return redact(name + redactShell(word.slice(name.length), redact));
    }
    if (takesSecret(word)) next = true;
    return redact(hideInside(word));
  });
}

/** Each command by itself: what follows the last option of one is not its value. */
function redactShell(line: string, redact: Redact): string {
  const text = hideInside(line);
  const commands: RegExpExecArray[][] = [[]];
  let end = 0;
  for (const found of text.matchAll(inShell)) {
    if (/[;&|()`\n]/.test(text.slice(end, found.index))) commands.push([]);
    commands.at(-1)?.push(found);
    end = found.index + found[0].length;
  }
  let [out, at] = ['', 0];
  for (const words of commands) {
    const safe = hideIn(
      words.map(([word]) => unquoted(word)),
      redact,
      (index) => /^\w+=/.test(words[index]?.[0] ?? ''),
    );
    for (const [index, { 0: word, index: start }] of words.entries()) {
      const by = safe[index] as string;
      out += text.slice(at, start);
      at = start + word.length;
      if (by === unquoted(word)) out += word;
      else out += requoted(by, word, redact);
    }
  }
  return out + text.slice(at);
}

/** What has come in the place of a word, with the commands that its value is made by. */
function requoted(safe: string, word: string, redact: Redact): string {
  const [quote = ''] = /["']/.exec(word) ?? [];
  const [name = ''] = /^\w+=/.exec(word) ?? [];
  const shown = /\s/.test(safe) ? `${name}${quote}${safe.slice(name.length)}${quote}` : safe;
  if (/\$\(|`/.test(safe)) return shown;
  const commands = word.replace(/'[^']*'/g, '').match(substitution) ?? [];
  return [shown, ...commands.map((command) => redactShell(command, redact))].join('');
}

function unquoted(word: string): string {
  return word.replace(
    /"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'/g,
    (_, double?: string, single?: string) => double ?? single ?? '',
  );
}
