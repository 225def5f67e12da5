import { type ParserOptions, parse } from '@babel/parser';
import { usageError } from '@golden-pipeline/shared/errors';
import { type EnvironmentAnswers, environmentLines } from './environment-text.ts';

const options: ParserOptions = { sourceType: 'module', plugins: ['typescript'], tokens: true };

/** What is read of the parser's nodes; its own types are made for whole programs. */
interface Node {
  type: string;
  start: number;
  end: number;
  [field: string]: unknown;
}

/**
 * The text of a pipelines file with one more environment; nothing else in it changes. The import that the entry needs is added.
 * @param shownAs The file's name for errors.
 * @throws usage error `init.unknown-shape` with the text to paste when the file has no `environments: { ... }` in its `definePipeline(...)`;
 * `init.environment-exists`
 */
export function addEnvironment(text: string, answers: EnvironmentAnswers, shownAs: string): string {
  const { environment, cloud } = answers;
  const lines = environmentLines(answers);
  const { program, tokens } = read(text, shownAs, lines);
  const object = environmentsOf(program);
  if (!object) throw unknownShape(shownAs, lines);
  const entries = object.properties as Node[];
  if (entries.some((one) => nameOf(one) === environment)) {
    throw usageError('init.environment-exists', `${shownAs} has the environment ${environment} already`);
  }
  const last = entries.at(-1);
  const brace = object.end - 1;
  const comma =
    last === undefined || tokens.some(({ start, end }) => start >= last.end && end <= brace && text[start] === ',');
  const head = `${text.slice(0, last?.end ?? brace)}${comma ? '' : ','}`;
  const gap = text.slice(last?.end ?? brace, brace);
  const lineStart = text.lastIndexOf('\n', brace - 1) + 1;
  const indent = /^[ \t]*/.exec(text.slice(lineStart))?.[0] ?? '';
  const alone = text.slice(lineStart, brace).trim() === '';
  const entry = lines.map((line) => `${indent}${line.slice(2)}`).join('\n');
  // A comment behind the last entry stays where it is.
  const before = alone ? gap.slice(0, gap.lastIndexOf('\n') + 1) || '\n' : `${gap.trimEnd()}\n`;
  const body = `${head}${before}${entry}\n${indent}${text.slice(brace)}`;
  return cloud === 'local' ? withUserInfo(body, program) : body;
}

function read(text: string, shownAs: string, lines: readonly string[]): { program: Node; tokens: Node[] } {
  try {
    const { program, tokens = [] } = parse(text, options);
    return { program: program as unknown as Node, tokens: tokens as Node[] };
  } catch {
    throw unknownShape(shownAs, lines);
  }
}

/** The object behind `environments` in the argument of the call that is the default export, also by the name of a constant. */
function environmentsOf(program: Node): Node | undefined {
  const body = program.body as Node[];
  const exported = body.find((one) => one.type === 'ExportDefaultDeclaration')?.declaration as Node | undefined;
  const call = resolve(exported, body);
  const [argument] = call?.type === 'CallExpression' ? (call.arguments as Node[]) : [];
  const settings = resolve(argument, body);
  if (settings?.type !== 'ObjectExpression') return undefined;
  const property = (settings.properties as Node[]).find((one) => nameOf(one) === 'environments');
  const value = resolve(property?.value as Node | undefined, body);
  return value?.type === 'ObjectExpression' ? value : undefined;
}

/** An expression without what only TypeScript sees around it; a name becomes what a `const` of the file gives it. */
function resolve(node: Node | undefined, body: readonly Node[]): Node | undefined {
  if (!node) return undefined;
  if (/^TS(As|Satisfies|NonNull)Expression$/.test(node.type)) return resolve(node.expression as Node, body);
  if (node.type !== 'Identifier') return node;
  const statement = body.find((one) => declarationOf(one, node.name) !== undefined);
  if (!statement) return undefined;
  // Two constants that name each other are nothing.
  const others = body.filter((one) => one !== statement);
  return resolve(declarationOf(statement, node.name)?.init as Node | undefined, others);
}

/** What a statement declares by this name. */
function declarationOf(statement: Node, name: unknown): Node | undefined {
  if (statement.type !== 'VariableDeclaration') return undefined;
  return (statement.declarations as Node[]).find(({ id }) => (id as Node).name === name);
}

/** The name of a property; undefined for a spread or a computed one. */
function nameOf(property: Node): unknown {
  const { key, computed } = property as { key?: Node; computed?: boolean };
  return computed || !key ? undefined : (key.name ?? key.value);
}

/** The entry of the local cloud names the user of this computer. */
function withUserInfo(text: string, program: Node): string {
  const imported = (program.body as Node[])
    .filter((one) => one.type === 'ImportDeclaration')
    .flatMap((one) => one.specifiers as Node[])
    .some(({ local }) => (local as Node).name === 'userInfo');
  if (imported) return text;
  const at = text.startsWith('#!') ? text.indexOf('\n') + 1 : 0;
  return `${text.slice(0, at)}import { userInfo } from 'node:os';\n${text.slice(at)}`;
}

function unknownShape(shownAs: string, lines: readonly string[]) {
  return usageError(
    'init.unknown-shape',
    `${shownAs} has no \`environments: { ... }\` in definePipeline(...) that could be edited`,
    'add these lines to its environments',
    lines.map((line) => line.slice(4)),
  );
}
