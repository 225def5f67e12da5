/** The packages that bring or load a program whose name is another one; of alternatives an app has one. */
const bringers: ReadonlyMap<string, readonly string[]> = new Map([
  ['sequelize', ['sequelize-cli']],
  ['tsc', ['typescript']],
  ['nest', ['@nestjs/cli']],
  ['mikro-orm', ['@mikro-orm/cli']],
  ['mikro-orm-esm', ['@mikro-orm/cli']],
  ['typeorm-ts-node-commonjs', ['typeorm', 'ts-node']],
  ['typeorm-ts-node-esm', ['typeorm', 'ts-node']],
  ['ts-node-esm', ['ts-node']],
  ['ts-node-script', ['ts-node']],
  ['tsnd', ['ts-node-dev']],
  ['babel-node', ['@babel/node']],
  ['babel', ['@babel/cli']],
  ['swc', ['@swc/cli']],
  ['dotenv', ['dotenv-cli']],
  ['dotenvx', ['@dotenvx/dotenvx']],
  ['run-s', ['npm-run-all', 'npm-run-all2']],
  ['run-p', ['npm-run-all', 'npm-run-all2']],
]);

/** Programs that start the one after them. */
const starters = /^(npx|cross-env|env|exec|dotenv|dotenvx|time|sudo)$/;
/** Options of Node, and of starters, whose value is a module. */
const loads = /^(-r|--require|--import|--loader|--experimental-loader)$/;

/**
 * The packages that a script of a package.json needs to start its programs, with those before and after it and those that it runs, as far as
 * their commands say.
 */
export function packagesOf(name: string, scripts: Record<string, unknown>, seen: readonly string[] = []): string[] {
  if (seen.includes(name)) return [];
  return [`pre${name}`, name, `post${name}`].flatMap((one) => {
    const script = Object.hasOwn(scripts, one) ? scripts[one] : undefined;
    if (typeof script !== 'string') return [];
    return script.split(/&&|\|\||[;|&]/).flatMap((part) => packagesOfCommand(part, scripts, [...seen, name]));
  });
}

function packagesOfCommand(part: string, scripts: Record<string, unknown>, seen: readonly string[]): string[] {
  const words = part.match(/[^\s"']+/g) ?? [];
  const [, script] = /^(?:npm|pnpm|yarn) run(?:-script)? (?:-\S+ )*(\S+)/.exec(words.join(' ')) ?? [];
  if (script !== undefined) return packagesOf(script, scripts, seen);
  const found: string[] = [];
  let starts = true;
  for (const [index, word] of words.entries()) {
    const [, option = '', value] = /^(--?[\w-]+)(?:=(.*))?$/.exec(word) ?? [];
    const module = loads.test(option)
      ? (value ?? words[index + 1])
      : /(?:^|\/)node_modules\/(?!\.bin\/)(.+)/.exec(word)?.[1];
    if (module !== undefined) found.push(/^(?:@[^/]+\/)?[^/]+/.exec(module)?.[0] ?? '');
    // `dotenv -e .env -- program`
    if (word === '--') starts = true;
    const isBin = word.includes('node_modules/.bin/');
    if (isBin || (starts && option === '' && word !== '--' && !/^\w+=/.test(word))) {
      const program = word.slice(word.lastIndexOf('/') + 1);
      found.push(...(bringers.get(program) ?? [program]));
      starts = starters.test(program);
    }
  }
  return found;
}
