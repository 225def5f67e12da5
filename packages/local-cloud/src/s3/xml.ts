import { malformedXml } from './error.ts';

/** An element that was read: attributes are not kept, S3's documents have none that matter. */
export interface XmlElement {
  name: string;
  /** Its own text, without that of its children. */
  text: string;
  children: XmlElement[];
}

/** No document of S3 goes deeper than this. */
const maximumDepth = 16;

const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const token =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<\/([\w.:-]+)\s*>|<([\w.:-]+)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;

/**
 * Reads a document. Names lose their prefix.
 * @throws S3Error `MalformedXML`; document types are refused too
 */
export function parseXml(text: string): XmlElement {
  const top: XmlElement = { name: '', text: '', children: [] };
  const open = [top];
  token.lastIndex = text.startsWith('\ufeff') ? 1 : 0;
  while (token.lastIndex < text.length) {
    const found = token.exec(text);
    const current = open.at(-1);
    if (!found || !current) throw malformedXml();
    const [, cdata, closing, opening, , selfClosing, plain] = found;
    if (cdata !== undefined) current.text += cdata;
    else if (plain !== undefined) current.text += unescapeXml(plain);
    else if (closing !== undefined) {
      if (open.length < 2 || local(closing) !== current.name) throw malformedXml();
      open.pop();
    } else if (opening !== undefined) {
      const element = { name: local(opening), text: '', children: [] };
      current.children.push(element);
      if (selfClosing !== '/') open.push(element);
      if (open.length > maximumDepth) throw malformedXml();
    }
  }
  const [root, ...more] = top.children;
  if (!root || more.length > 0 || open.length > 1 || top.text.trim() !== '') throw malformedXml();
  return root;
}

/** The text of the first child of that name; undefined when there is none. */
export function childText(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}

/** An element of an answer; values that are undefined leave it out. */
export function tag(name: string, value: string | number | boolean | undefined): string {
  return value === undefined ? '' : `<${name}>${escapeXml(String(value))}</${name}>`;
}

/** An element with elements inside. */
export function group(name: string, ...content: string[]): string {
  return `<${name}>${content.join('')}</${name}>`;
}

/** A whole answer. */
export function document(name: string, ...content: string[]): string {
  const open = `<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${open}${content.join('')}</${name}>`;
}

/** Escapes text. Characters that XML cannot hold become references all the same, as with S3: keys may hold any character. */
export function escapeXml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: keys may hold them
  return text.replace(/[\u0000-\u001f&<>"'\ufffe\uffff]/g, (char) => {
    const name = Object.keys(named).find((key) => named[key] === char);
    return name ? `&${name};` : `&#x${char.charCodeAt(0).toString(16).toUpperCase()};`;
  });
}

function unescapeXml(text: string): string {
  return text.replace(/&([^;&]*;?)/g, (_whole, body: string) => {
    const name = body.slice(0, -1);
    if (!body.endsWith(';')) throw malformedXml();
    const known = Object.hasOwn(named, name) ? named[name] : undefined;
    if (known !== undefined) return known;
    const digits = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(name);
    const code = digits ? Number.parseInt(digits[1] ?? digits[2] ?? '', digits[1] ? 16 : 10) : Number.NaN;
    if (!(code <= 0x10ffff) || (code >= 0xd800 && code < 0xe000)) throw malformedXml();
    return String.fromCodePoint(code);
  });
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
