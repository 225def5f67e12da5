// Finds words of the project's old dialect (scripts/language.json) in sources, documentation and names of tests. Prints `file:line`,
// what stands there and the word to use; exits with 1 when there is one. `--only docs` checks documentation and examples only; `--count` prints
// how many there are in each folder.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { expressionOf, matchesIn, testTitles } from './language/match.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const lists = JSON.parse(readFileSync(new URL('language.json', import.meta.url), 'utf8'));
const { values } = parseArgs({ options: { only: { type: 'string' }, count: { type: 'boolean' } } });
if (values.only !== undefined && values.only !== 'docs') {
  console.error(`error: --only takes docs, not ${values.only}`);
  process.exit(2);
}

const words = lists.words.map((word) => ({ ...word, expression: expressionOf(word) }));
const docs = ['README.md', 'CHANGELOG.md', 'docs', 'examples'];
const places = values.only === 'docs' ? docs : [...docs, ...lists.folders];
const texts = /\.(md|ts|mjs|cjs|js|json|ya?ml|py|j2|hcl|cfg|sh|html)$/;
const isDocumentation = (file) => file.endsWith('.md') && /^(README|CHANGELOG|docs|examples)/.test(file);

const found = places
  .flatMap(filesBelow)
  .filter((file) => texts.test(file) && !lists.generated.includes(file))
  .flatMap(check);

if (values.count) {
  const counts = new Map();
  for (const { file } of found) counts.set(folderOf(file), (counts.get(folderOf(file)) ?? 0) + 1);
  for (const [folder, count] of [...counts].sort(([, a], [, b]) => b - a)) console.log(`${count}\t${folder}`);
} else for (const { file, line, shown, use } of found) console.log(`${file}:${line}: "${shown}": use ${use}`);
console.log(
  found.length === 0 ? 'no word of the old dialect' : `${found.length} in all; scripts/language.json has the words`,
);
process.exitCode = found.length === 0 ? 0 : 1;

/** What a file has of the old words: in its path, and in its text; of a test the titles only. */
function check(file) {
  const whole = readFileSync(`${root}${file}`, 'utf8');
  // The tables of the changelog have the names of before beside those of now.
  const text = file === 'CHANGELOG.md' ? whole.replace(/^ *\|.*$/gm, '') : whole;
  const inTest = /(^|\/)test\//.test(file);
  if (inTest && !file.endsWith('.test.ts')) return [];
  const parts = inTest ? testTitles(text) : [{ text, line: 1 }];
  const inside = words.filter((word) => !(word.except ?? []).some((path) => file.startsWith(path)));
  return [
    ...matchesIn(file, inside).map((match) => ({ ...match, file, line: 1 })),
    ...parts.flatMap((part) =>
      matchesIn(part.text, inside).map((match) => ({ ...match, file, line: match.line + part.line - 1 })),
    ),
    ...(isDocumentation(file) ? questions(text).map((question) => ({ ...question, file })) : []),
  ];
}

/** Headings that ask: titles are noun phrases. */
function questions(text) {
  return text.split('\n').flatMap((line, index) => {
    const asks = /^#+ .*\?\s*$/.test(line) || /^# (How|What|When|Where|Which|Who|Why|Is|Are|Can|Do|Does)\b/.test(line);
    return asks ? [{ line: index + 1, shown: line, use: 'a noun phrase' }] : [];
  });
}

/** All files of a folder, or the file itself, by their paths from the root; none where it does not exist. */
function filesBelow(place) {
  const skipped = ['node_modules', 'dist', '__pycache__', '.pipeline'];
  if (/\.\w+$/.test(place)) return exists(place) ? [place] : [];
  if (!exists(place)) return [];
  return readdirSync(`${root}${place}`, { withFileTypes: true })
    .filter((entry) => !skipped.includes(entry.name))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(`${place}/${entry.name}`) : [`${place}/${entry.name}`]))
    .sort();
}

function exists(place) {
  const [, folder = '.', name] = /^(?:(.*)\/)?([^/]+)$/.exec(place) ?? [];
  return readdirSync(`${root}${folder}`).includes(name);
}

/** `src/cli`, `packages/local-cloud/src`, `docs`: as much of a path as tells who cleans it up. */
function folderOf(file) {
  const parts = file.split('/');
  return parts.slice(0, Math.min(parts.length - 1, parts[0] === 'packages' ? 3 : 2)).join('/') || file;
}
