/** What an app is written in, by which its role is written; `binary` is any program that listens on HOST and PORT. */
export const technologies = ['node', 'python', 'ruby', 'static', 'binary'] as const;
export type Technology = (typeof technologies)[number];

/** How an app is installed and started, as its files suggest: proposals that a person can change. */
export interface Stack {
  technology: Technology;
  /** What it was recognized by, e.g. `package.json (Next.js, pnpm)`. */
  seen: string;
  /** A command line; HOST and PORT are in its environment. */
  start: string;
  /** A command line that makes a fresh checkout ready to start; '' for nothing. */
  build: string;
  /** Port that the app listens on by itself. */
  port: number;
  /** A path that answers 200; absent when the files name none. */
  healthPath?: string;
  /** Further variables of the service. */
  environment?: Readonly<Record<string, string>>;
  /** A command that migrates the database. */
  migrate?: readonly string[];
  /** What a person must see to before a release works. */
  notes: readonly string[];
}
