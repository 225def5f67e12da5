import type { Finding, Severity } from '../../doctor/finding.ts';
import { type Colors, oneLine } from './text.ts';

/** Findings by what they are about, each that did not pass with its fix below it; the sum at the end. */
export function renderFindings(
  all: readonly { about: string; findings: readonly Finding[] }[],
  colors: Colors,
): string {
  const mark: Record<Severity, string> = {
    ok: colors.green('ok     '),
    warning: colors.yellow('warning'),
    error: colors.red('error  '),
    skipped: colors.dim('skipped'),
  };
  const lines = all.flatMap(({ about, findings }) => [
    colors.bold(about),
    ...findings.flatMap(({ severity, message, fix }) => [
      `  ${mark[severity]}  ${oneLine(message)}`,
      ...(fix === undefined ? [] : [`           ${colors.dim(oneLine(fix))}`]),
    ]),
  ]);
  const count = (severity: Severity) =>
    all.flatMap((one) => one.findings).filter((one) => one.severity === severity).length;
  const counted = (severity: Severity, one: string) => `${count(severity)} ${one}${count(severity) === 1 ? '' : 's'}`;
  // Of a finding `skipped`, each check that did not run counts.
  const notRun = all.flatMap((one) => one.findings.flatMap(({ checks = [] }) => checks)).length;
  const left = notRun === 0 ? '' : `, ${notRun} skipped`;
  const sum = `${counted('error', 'error')}, ${counted('warning', 'warning')}, ${count('ok')} passed${left}`;
  return `${[...lines, '', sum].join('\n')}\n`;
}
