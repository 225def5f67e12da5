/** Words that mean to a shell what they mean without one. */
const plain = /^[\w@%+=:,./-]+$/;

/**
 * A command line as the list of words that a role runs: as it is, or where it needs a shell, given to one.
 * @param replace The shell gives way to the command, so that signals reach it; only for a single command.
 */
export function commandArgv(line: string, { replace = false } = {}): string[] {
  const text = line.trim();
  if (text === '') return [];
  const words = text.split(/\s+/);
  // `NAME=value command` is a shell's.
  if (words.every((word) => plain.test(word)) && !words[0]?.includes('=')) return words;
  const single = !/[;&|\n]/.test(text) && !words[0]?.includes('=');
  return ['sh', '-c', replace && single ? `exec ${text}` : text];
}

/** A list of words in YAML's flow style. */
export function yamlList(words: readonly string[]): string {
  return `[${words.map(yamlText).join(', ')}]`;
}

/** Words that YAML reads as another type, or not at all. */
const special = /^(true|false|yes|no|on|off|null|y|n|[-.]+|[-.]\d.*)$/i;

/** A text in YAML: bare where it means itself, else in single quotes. */
export function yamlText(text: string): string {
  return /^[A-Za-z./_-][\w./=-]*$/.test(text) && !special.test(text) ? text : `'${text.replaceAll("'", "''")}'`;
}
