import type { InstanceLog, RunEvidence } from '../../ledger/run-evidence.ts';
import { type Colors, oneLine, printable } from './text.ts';

/** Lines of a log that are shown without `--logs`. */
const shownLines = 20;
/** Characters of an answer that are shown. */
const shownBody = 300;

/** Logs and wrong answers of a run. @param all All lines of the logs, not only the last ones. */
export function evidenceLines({ step, instances, probes }: RunEvidence, all: boolean, colors: Colors): string[] {
  return [
    ...(probes.length > 0 ? [colors.bold('wrong answers:')] : []),
    ...probes.map(({ path, at, fault, body, version }) => {
      const who = version === null ? '' : ` (${version})`;
      const text = body?.trim() ? `: ${JSON.stringify(body.trim().slice(0, shownBody))}` : '';
      return `  ${at} ${oneLine(path)}${who} ${oneLine(fault)}${text}`;
    }),
    ...instances.flatMap((log) => logLines(log, step, all, colors)),
  ];
}

function logLines(
  { id, state, at, from, lines, note }: InstanceLog,
  step: string,
  all: boolean,
  colors: Colors,
): string[] {
  const about = `${id} in ${step} (${oneLine(state)}), ${at}`;
  if (from === undefined) return [`${colors.bold(`no log of ${about}:`)} ${oneLine(note ?? '')}`];
  const shown = all ? lines : lines.slice(-shownLines);
  const fewer = shown.length < lines.length ? `, the last ${shown.length} of ${lines.length} lines; all: --logs` : '';
  return [colors.bold(`log of ${about}, ${oneLine(from)}${fewer}:`), ...shown.map((line) => `  ${printable(line)}`)];
}
