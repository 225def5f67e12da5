import { type Finding, skipped } from './finding.ts';

/** Findings about one thing: this computer, or an app in an environment. */
export interface Diagnosis {
  about: string;
  findings: Finding[];
}

/**
 * Leaves each `cause` once, at the first that it was found for. The same text is not enough: two apps may each have a fault of
 * the same kind, and each its own fix.
 */
export function mergeCauses(all: readonly Diagnosis[]): Diagnosis[] {
  const first = new Map<string, string>();
  return all.map(({ about, findings }) => {
    const causes = new Map<string, string[]>();
    const own = findings.filter(({ id, severity, cause }) => {
      if (cause === undefined || severity === 'ok' || severity === 'skipped') return true;
      const where = first.get(cause) ?? about;
      first.set(cause, where);
      if (where !== about) causes.set(where, [...(causes.get(where) ?? []), id]);
      return where === about;
    });
    return { about, findings: withRepeated(own, causes) };
  });
}

/** What is skipped for a cause that was reported before: one line for each place where that was. */
function withRepeated(own: readonly Finding[], causes: ReadonlyMap<string, string[]>): Finding[] {
  const [only] = causes.keys();
  // With one cause, what was skipped here was skipped for it, unless there are others here.
  const alone = causes.size === 1 && own.every(({ severity }) => severity === 'ok' || severity === 'skipped');
  const also = alone ? own.filter(({ severity }) => severity === 'skipped') : [];
  return [
    ...own.filter((one) => !also.includes(one)),
    ...[...causes].map(([where, ids]) => {
      const checks = where === only ? [...ids, ...also.flatMap(({ checks = [] }) => checks)] : ids;
      return skipped(checks, `same cause as in ${where}`);
    }),
  ];
}
