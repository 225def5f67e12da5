import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { escapeXml } from '../wire/xml.ts';
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

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  removeNSPrefix: true,
  // Keys may begin with spaces, and look like numbers.
  trimValues: false,
  parseTagValue: false,
  // The parser leaves unknown references as they are; S3 refuses them, see `unescapeXml`.
  processEntities: false,
  cdataPropName: '#cdata',
});

/** What the parser makes of an element: one property of its name, or of `#text` or `#cdata`. */
type Node = Record<string, Node[] | string>;

/**
 * Reads a document. Names lose their prefix.
 * @throws S3Error `MalformedXML`; document types are refused too
 */
export function parseXml(text: string): XmlElement {
  // The validator knows neither: a document type may define entities, and nesting is counted by the parser alone.
  if (/<!DOCTYPE/i.test(text) || XMLValidator.validate(text) !== true) throw malformedXml();
  let nodes: Node[];
  try {
    nodes = parser.parse(text);
  } catch {
    throw malformedXml();
  }
  const top = readElement('', nodes, 0);
  const [root, ...more] = top.children;
  if (!root || more.length > 0 || top.text.trim() !== '') throw malformedXml();
  return root;
}

function readElement(name: string, nodes: Node[], depth: number): XmlElement {
  if (depth > maximumDepth) throw malformedXml();
  const element: XmlElement = { name, text: '', children: [] };
  for (const node of nodes) {
    const [key = '', content = ''] = Object.entries(node)[0] ?? [];
    if (typeof content === 'string') element.text += unescapeXml(content);
    else if (key === '#cdata') element.text += content.map((piece) => piece['#text'] ?? '').join('');
    else element.children.push(readElement(key, content, depth + 1));
  }
  return element;
}

const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The text of the first child of that name; undefined when there is none. */
export function childText(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}

/** An element of an answer; values that are undefined leave it out. */
export function tag(name: string, value: string | number | boolean | undefined): string {
  return value === undefined ? '' : `<${name}>${escapeText(String(value))}</${name}>`;
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

/** Escapes text as S3 does. */
export function escapeText(text: string): string {
  return escapeXml(text, 'reference');
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
