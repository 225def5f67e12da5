import { redacted } from '../shared/redact.ts';

/** Anywhere in a name. Neither tokenizers nor a limit of tokens are secrets. */
const anywhere =
  /secret|passw|passphrase|(?<!max[-_]?)token(?!i[sz])|api-?_?key|access-?_?key|private-?_?key|credential|authorization/i;
/** A whole word of a name, at its end: not in `--keyspace` or `monkey`. */
const asWord = /(?:^|[_.-])(?:key|pass|pwd|cookie)$/i;
/** The same in `masterKey` and `ParameterKey`. */
const asCamelWord = /[a-z\d](?:Key|Pass|Pwd)$/;
/** Names that end like those of secrets. */
const harmless = /(?:^|[_.-])(?:public|primary|foreign|partition|sort|cache)[-_]?key$/i;
/** `PWD` is the folder, and `Key=…,Value=…` how AWS writes tags. */
const harmlessAsWritten = /^(?:PWD|Key)$/;

/** Options that only say how a secret is given: no value follows them. */
const withoutValue = /^--?(?:no|ask|prompt|skip)[-_]|[-_]stdin$/;

/** Whether the value of an option, variable, header or JSON key of this name is a secret. */
export function isSecretName(name: string): boolean {
  const bare = name.replace(/^-+/, '');
  if (harmless.test(bare) || harmlessAsWritten.test(bare)) return false;
  return anywhere.test(bare) || asWord.test(bare) || asCamelWord.test(bare);
}

/** Whether the word after this option is its value, and a secret. */
export function takesSecret(option: string): boolean {
  return option.startsWith('-') && !withoutValue.test(option) && isSecretName(option);
}

/** `"name": "value"`, also where the quotes are escaped for a shell. */
const inJson = /((\\?["'])([\w.-]+)\2\s*:\s*)(?:(\\?["'])[\s\S]*?(?<!\\)\4|[^\s,}\]{["'\\]+)/g;
/** `name=value` in the query or the fragment of a URL. */
const inUrl = /([?&#])([\w.-]+)=(?!\$\()[^\s"'&;#()`\\]+/g;

/** Hides values of secrets in JSON and in URLs, wherever they stand in the text. */
export function hideInside(text: string): string {
  return text
    .replace(inJson, (all, before: string, _quote, name: string, quote: string = '') =>
      isSecretName(name) ? `${before}${quote}${redacted}${quote}` : all,
    )
    .replace(inUrl, (all, before: string, name: string) => (isSecretName(name) ? `${before}${name}=${redacted}` : all));
}

/** `NAME=value`, `--name=value`, `--env=NAME=value`, `-eNAME=value` */
const assignment = /^(--?[\w.-]+|\w[\w.-]*)=([\s\S]*)$/;
/** A further `name=value` after a comma or semicolon, as in `--set a=1,b.token=2`. */
const further = /([,;])([\w.-]+)=(?:(?!,[\w.-]+=)[^;])+/g;

/** The assignment without its value when its name is that of a secret; undefined for one to be shown, and for other words. */
export function hideAssigned(word: string): string | undefined {
  const [, name = '', value = ''] = assignment.exec(word) ?? [];
  if (name === '') return undefined;
  if (isSecretName(name) || isSecretName(name.replace(/^-[A-Z]/i, ''))) return `${name}=${redacted}`;
  const inner = hideAssigned(value);
  if (inner !== undefined) return `${name}=${inner}`;
  const out = word.replace(further, (all, before: string, one: string) =>
    isSecretName(one) ? `${before}${one}=${redacted}` : all,
  );
  return out === word ? undefined : out;
}

/** `Name: value`, also in the word of the option: `-HName: value`, `--header=Name: value`. */
const header = /^(-H|--[\w-]*header=)?([\w-]+):(\s*)(\S[\s\S]*)$/;
/** What a header's value is where it could be a sentence, too. */
const value = /^(?:(?:basic|bearer|token)\s+)?\S+$/i;

/**
 * The header without its value when its name is that of a secret; undefined for other words.
 * @param known It follows an option that takes a header. Elsewhere `key:generate` is not one, nor a sentence.
 */
export function hideHeader(word: string, known: boolean): string | undefined {
  const [, before = '', name = '', space = '', text = ''] = header.exec(word) ?? [];
  const isHeader = known || before !== '' || (space !== '' && value.test(text));
  return name !== '' && isHeader && isSecretName(name) ? `${before}${name}: ${redacted}` : undefined;
}
