import type { Finding, Severity } from '../../doctor/finding.ts';
import { type Colors, oneLine } from './text.ts';

/** Findings by what they are about, each that is not well with its fix below it; the sum at the end. */
export function renderFindings(
  all: readonly { about: string; findings: readonly Finding[] }[],
  colors: Colors,
): string {
  const mark: Record<Severity, string> = {
    ok: colors.green('ok     '),
    warning: colors.yellow('warning'),
    error: colors.red('error  '),
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
  const sum = `${count('error')} errors, ${count('warning')} warnings, ${count('ok')} well`;
  return `${[...lines, '', sum].join('\n')}\n`;
}
