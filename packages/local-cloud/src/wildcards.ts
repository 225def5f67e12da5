/**
 * A matcher of texts with wildcards: `*` stands for any characters, `?` for one; capitals matter. A pattern is compared step by step, so
 * none can make it slow.
 * @param escapeCharacter the one that makes the next one stand for itself, where there is one
 */
export function wildcardMatcher(pattern: string, escapeCharacter?: string): (text: string) => boolean {
  const parts: { kind: 'any' | 'one' | 'char'; char: string }[] = [];
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern.charAt(i);
    if (char === escapeCharacter && i + 1 < pattern.length) parts.push({ kind: 'char', char: pattern.charAt(++i) });
    else if (char === '*') parts.push({ kind: 'any', char });
    else if (char === '?') parts.push({ kind: 'one', char });
    else parts.push({ kind: 'char', char });
  }
  return (text) => {
    let at = 0;
    let part = 0;
    let star = -1;
    let resume = 0;
    while (at < text.length) {
      const now = parts[part];
      if (now?.kind === 'any') {
        star = part++;
        resume = at;
      } else if (now && (now.kind === 'one' || now.char === text.charAt(at))) {
        part++;
        at++;
      } else if (star >= 0) {
        part = star + 1;
        at = ++resume;
      } else return false;
    }
    while (parts[part]?.kind === 'any') part++;
    return part === parts.length;
  };
}
