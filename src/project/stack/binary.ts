import type { AppFiles } from './app-files.ts';
import { listenNotes, readClues } from './source-clues.ts';
import type { Stack } from './stack.ts';

/** A Go module, or a program that is in the folder already; undefined for neither. */
export async function detectBinary(files: AppFiles): Promise<Stack | undefined> {
  if (await files.has('go.mod')) {
    const clues = await readClues(files, /\.go$/);
    return {
      technology: 'binary',
      seen: 'go.mod',
      start: './server',
      build: 'go build -o server .',
      port: clues.port ?? 8080,
      ...(clues.healthPath && { healthPath: clues.healthPath }),
      notes: [
        ...listenNotes(clues),
        'hosts need Go for `go build`: add it to the base image (golden-pipeline/docs/base-image.md), or commit the program and clear the build command',
      ],
    };
  }
  const programs = await files.programs();
  const program = programs.find((name) => /^(server|app|main|service)\b/.test(name)) ?? programs[0];
  if (program === undefined) return undefined;
  return {
    technology: 'binary',
    seen: `the program ${program}`,
    start: `./${program}`,
    build: '',
    port: 8080,
    notes: [],
  };
}
