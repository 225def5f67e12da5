/** A command line that a page shows. */
export interface CommandLine {
  /** `docs/scale.md:12`, for the message. */
  at: string;
  /** As the page has it. */
  shown: string;
  /** What follows `pipeline`. */
  words: string[];
  /** In the middle of a sentence, where a name may stand without all its arguments. */
  inText: boolean;
}

/** Stands for what a page leaves open: `<app>`, `<n>` ... */
const examples: Readonly<Record<string, string>> = {
  app: 'frontend',
  task: 'maintenance-on',
  kind: 'error',
  n: '6',
  name: 'api-ssh',
  queue: 'mails',
};

/** Every `pipeline ...` of a page in Markdown: in blocks of code, and in the code of a sentence. */
export function commandLines(page: string, text: string): CommandLine[] {
  const found: CommandLine[] = [];
  let fence: string | undefined;
  text.split('\n').forEach((line, index) => {
    const at = `${page}:${index + 1}`;
    const opens = /^ *```(\w*)/.exec(line);
    if (opens) {
      fence = fence === undefined ? opens[1] : undefined;
      return;
    }
    const block = fence !== undefined || (/^ {4}/.test(line) && !/^\s*([-*|]|\d+\.) /.test(line));
    if (block && ['ts', 'json', 'yaml', 'hcl', 'python'].includes(fence ?? '')) return;
    const shown = block
      ? [/^\s*(?:\$ |source <\(|undo: )?pipeline (.*)$/.exec(line)?.[1]]
      : [...line.matchAll(/`(?:\$ )?pipeline ([^`]*)`/g)].map((match) => match[1]);
    for (const command of shown) {
      if (command === undefined) continue;
      for (const words of spellings(command)) found.push({ at, shown: `pipeline ${command}`, words, inText: !block });
    }
  });
  return found;
}

/** The lines of words that a command stands for: more than one when it says `up | down`. */
function spellings(command: string): string[][] {
  const words = split(command);
  const choice = /^([a-z]+)((?: \| [a-z]+)+)$/.exec(words.slice(1).join(' '));
  if (!choice) {
    const pipe = words.indexOf('|');
    return [pipe < 0 ? words : words.slice(0, pipe)];
  }
  const [group = ''] = words;
  const [, first = '', others = ''] = choice;
  // `completion fish | source` is a pipe of the shell.
  if (group !== 'local') return [[group, first]];
  return [first, ...others.split(' | ').slice(1)].map((word) => [group, word]);
}

/** Words as a shell has them; comments, descriptions behind two blanks, and what may be left out are left out. */
function split(command: string): string[] {
  const text = command
    .replace(/\$\([^()]*\)/g, '2030-01-01T10:00Z')
    .replace(/\s#\s.*$/, '')
    .replace(/\)\s*$/, '')
    .replace(/\s+\[[^\]]*\]/g, '')
    .replace(/ {2,}[a-z].*$/, '')
    .replace(/<([^>]*)>/g, (_all, name: string) => examples[name] ?? name);
  const words = text.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  return words.map((word) => word.replace(/^["']|["']$/g, ''));
}
