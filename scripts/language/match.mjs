/** Between two words of a phrase: blanks, a line break of a comment or list, a hyphen or underscore, or nothing (`underWay`). */
const gap = String.raw`(?:[-_]|\s+(?:(?:\*|//|#)\s+)?)?`;

/**
 * The expression that finds a word of the list. `old` is a phrase or several, found in text and inside of names (`isUnderWay`,
 * `make-way.ts`); `pattern` is an expression of its own.
 * @param {{ old?: string | string[], pattern?: string, exact?: boolean }} word With `exact`, upper and lower case must be as given.
 */
export function expressionOf({ old, pattern, exact }) {
  if (pattern !== undefined) return new RegExp(pattern, exact ? 'g' : 'gi');
  // The longest first: `settle` would hide `settles`.
  const phrases = [old].flat().sort((a, b) => b.length - a.length);
  const escaped = (part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const alternatives = phrases.map((phrase) => phrase.split(' ').map(escaped).join(gap));
  return new RegExp(alternatives.join('|'), exact ? 'g' : 'gi');
}

/**
 * Where a text has words of the list.
 * @param {string} text
 * @param {{ use: string, expression: RegExp, pattern?: string, not?: string[] }[]} words
 * @returns {{ line: number, shown: string, use: string }[]}
 */
export function matchesIn(text, words) {
  const found = [];
  for (const { use, expression, pattern, not = [] } of words) {
    for (const match of text.matchAll(expression)) {
      const { index } = match;
      const end = index + match[0].length;
      if (pattern === undefined && !isWhole(text, index, end)) continue;
      if (not.some((allowed) => isInside(text, index, end, allowed))) continue;
      found.push({ line: lineAt(text, index), shown: match[0].replace(/\s+/g, ' '), use });
    }
  }
  return found.sort((a, b) => a.line - b.line);
}

/** Not a piece of a longer word; a hump of a name (`isUnderWay`) is whole. */
function isWhole(text, start, end) {
  const [before = '', first = '', last = '', after = ''] = [text[start - 1], text[start], text[end - 1], text[end]];
  const opens = !/[a-z\d]/i.test(before) || !/[a-z\d]/i.test(first) || (/[a-z\d]/.test(before) && /[A-Z]/.test(first));
  const closes = !/[a-z\d]/i.test(after) || (/[A-Z\d]/.test(after) && /[a-z\d]/.test(last));
  return opens && closes;
}

/** Whether the match is part of something that is allowed, such as `allSettled`. */
function isInside(text, start, end, allowed) {
  const from = Math.max(0, start - allowed.length);
  const at = text.slice(from, end + allowed.length).indexOf(allowed);
  return at >= 0 && from + at <= start && from + at + allowed.length >= end;
}

const lineAt = (text, index) => text.slice(0, index).split('\n').length;

/**
 * The titles of a file's suites and tests, each with its line.
 * @param {string} text
 */
export function testTitles(text) {
  const calls = /\b(?:describe|it|test)(?:\.\w+(?:\((?:[^()]|\([^()]*\))*\))?)*\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g;
  return [...text.matchAll(calls)].map((match) => ({
    text: match[2],
    line: lineAt(text, match.index + match[0].length - 1 - match[2].length),
  }));
}
