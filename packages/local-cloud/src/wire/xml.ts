/** What XML 1.0 cannot hold at all: control characters, surrogates without their pair, and two non-characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this removes
const impossible = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;

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

/** Text for an element: escaped, and without the characters that XML cannot hold. */
export function escapeXml(text: string): string {
  // Nearly all texts are plain, and looking once is quicker than replacing twice.
  if (!special.test(text)) return text;
  return text.replace(impossible, '').replace(/[&<>"'\r]/g, (char) => escapes[char] ?? char);
}

/** An element with content that is XML already. */
export function element(name: string, content: string): string {
  return content === '' ? `<${name}/>` : `<${name}>${content}</${name}>`;
}

export const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
