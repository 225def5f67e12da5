/** What XML 1.0 cannot hold at all: control characters, surrogates without their pair, and two non-characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this removes
const unheld = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;

const escapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\r': '&#xD;',
};

/** What must not stand in a text as it is, lone surrogates and pairs alike. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const special = /[&<>"'\u0000-\u0008\u000b-\u001f\ud800-\udfff\ufffe\uffff]/;

/** What S3 writes as an entity or a reference. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const anyControl = /[\u0000-\u001f&<>"'\ufffe\uffff]/g;

/**
 * Text for an element: escaped.
 * @param impossible what becomes of characters that XML cannot hold: they are dropped, or become references all the same, as with S3,
 *   whose keys may hold any character
 */
export function escapeXml(text: string, impossible: 'drop' | 'reference' = 'drop'): string {
  if (impossible === 'reference') return text.replace(anyControl, (char) => escapes[char] ?? reference(char));
  // Nearly all texts are plain, and looking once is quicker than replacing twice.
  if (!special.test(text)) return text;
  return text.replace(unheld, '').replace(/[&<>"'\r]/g, (char) => escapes[char] ?? char);
}

function reference(char: string): string {
  return `&#x${char.charCodeAt(0).toString(16).toUpperCase()};`;
}

/** An element with content that is XML already. */
export function element(name: string, content: string): string {
  return content === '' ? `<${name}/>` : `<${name}>${content}</${name}>`;
}

export const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
