/** Quotes one argument for a POSIX shell. Throws on NUL, which no program can receive. */
export function shellQuote(argument: string): string {
  if (argument.includes('\0')) throw new TypeError('an argument cannot contain a NUL character');
  return /^[A-Za-z0-9_\-+=%:,./@]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

/** A command line for the remote shell; a first word with `=` is quoted too, as it would otherwise be an assignment. */
export function shellCommand(argv: readonly string[]): string {
  const [program = '', ...rest] = argv;
  if (program === '') throw new TypeError('a remote command needs a program');
  const first = program.includes('=') ? `'${program.replaceAll("'", "'\\''")}'` : shellQuote(program);
  return [first, ...rest.map(shellQuote)].join(' ');
}
