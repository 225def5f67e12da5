import type { AppFiles } from './app-files.ts';

/** Literals that are usually a health route, the most specific first. */
const healthRoutes = ['/healthz', '/health', '/livez', '/readyz', '/up', '/ping', '/status'];

/** What the sources of an app say of how it listens. */
export interface SourceClues {
  /** The port that it listens on unless PORT says otherwise. */
  port?: number;
  /** A literal that looks like a health route. */
  healthPath?: string;
  /** Whether some source reads these variables of its environment. */
  reads: { HOST: boolean; PORT: boolean };
}

/** Ports beside the word, or in a call that listens: `PORT ?? 3000`, `port=8000`, `.listen(3000`, `"PORT", "8080"`, `:8080`. */
const ports = [
  /\bPORT\b['"\])]*\s*(?:\?\?|\|\||,|or)\s*['"]?:?(\d{2,5})\b/,
  /\bport['"]?\s*[:=]\s*(?:int\()?['"]?(\d{2,5})\b/i,
  /\.listen\(\s*(\d{2,5})\b/,
  /ListenAndServe\(\s*"[^"]*:(\d{2,5})"/,
];

/** Looks through the sources; tests and dependencies are not among them. */
export async function readClues(files: AppFiles, ending: RegExp): Promise<SourceClues> {
  const texts = (await files.sources(ending)).map(([, text]) => text);
  const all = texts.join('\n');
  const port = ports
    .flatMap((pattern) => texts.map((text) => Number(pattern.exec(text)?.[1])))
    .find((found) => found > 0 && found <= 65_535);
  const healthPath = healthRoutes.find((route) => new RegExp(`['"\`]${route}/?['"\`]`).test(all));
  return {
    ...(port !== undefined && { port }),
    ...(healthPath !== undefined && { healthPath }),
    reads: { HOST: /\bHOST\b/.test(all), PORT: /\bPORT\b/.test(all) },
  };
}

/** What to change in an app that would listen elsewhere than it is looked for. */
export function listenNotes({ reads }: SourceClues): string[] {
  const missing = (['HOST', 'PORT'] as const).filter((name) => !reads[name]);
  if (missing.length === 0) return [];
  return [
    `the source does not seem to read ${missing.join(' and ')}: a release needs an app that listens on HOST and PORT of its environment`,
  ];
}
