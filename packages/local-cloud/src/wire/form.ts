import { CloudError } from './handler.ts';

/** Deepest nesting of any shape is below ten; more is not an honest request. */
const maximumDepth = 32;

/** A parameter, its name cut at the dots: `Filter.1.Name=x` is node `Filter` > `1` > `Name` with the value `x`. */
export interface FormNode {
  value?: string;
  children?: Map<string, FormNode>;
}

/**
 * The name-value pairs of a form body or query string.
 * @throws CloudError `MalformedQueryString` for wrong percent escapes, text that is not UTF-8, or a name given twice.
 */
export function parseForm(text: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const part of text.split('&')) {
    if (part === '') continue;
    const at = part.indexOf('=');
    const name = decode(at < 0 ? part : part.slice(0, at));
    if (pairs.has(name)) throw malformed(`The parameter ${name} is given more than once.`);
    pairs.set(name, at < 0 ? '' : decode(part.slice(at + 1)));
  }
  return pairs;
}

/**
 * The pairs as a tree.
 * @throws CloudError `MalformedQueryString` for names that no tree can hold.
 */
export function formTree(pairs: Iterable<readonly [string, string]>): FormNode {
  const root: FormNode = {};
  for (const [name, value] of pairs) {
    const words = name.split('.', maximumDepth + 1);
    if (words.length > maximumDepth) throw malformed(`The parameter ${name.slice(0, 100)}... is nested too deeply.`);
    let node = root;
    for (const word of words) {
      if (word === '') throw malformed(`The parameter name ${name} has an empty part.`);
      node.children ??= new Map();
      let next = node.children.get(word);
      if (!next) {
        next = {};
        node.children.set(word, next);
      }
      node = next;
    }
    node.value = value;
  }
  return root;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw malformed(`The query string holds a wrong escape in ${text.slice(0, 100)}.`);
  }
}

function malformed(message: string): CloudError {
  return new CloudError('MalformedQueryString', message);
}
