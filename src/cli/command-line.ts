/** The command as a person would type it, for the records. */
export function commandLine(argv: readonly string[]): string {
  return ['pipeline', ...argv.map((word) => (/^[\w./:=@~^+-]+$/.test(word) ? word : JSON.stringify(word)))].join(' ');
}
