import type { InstanceLog, RunEvidence } from '../../ledger/run-evidence.ts';
import { type Colors, oneLine, printable } from './text.ts';

/** Lines of the first log that are shown without `--logs`; of the others none, as they mostly are the same. */
const shownLines = 20;
/** Characters of an answer that are shown. */
const shownBody = 300;

/** The collected logs and answers of a run. @param all All lines of the logs, not only the last ones of the first. */
export function evidenceLines({ step, instances, probes }: RunEvidence, all: boolean, colors: Colors): string[] {
  const first = instances.find(({ lines }) => lines.length > 0);
  return [
    ...(probes.length > 0 ? [colors.bold('wrong answers:')] : []),
    ...probes.map(({ path, at, fault, body, version }) => {
      const who = version === null ? '' : ` (${version})`;
      const text = body?.trim() ? `: ${JSON.stringify(body.trim().slice(0, shownBody))}` : '';
      return `  ${at} ${oneLine(path)}${who} ${oneLine(fault)}${text}`;
    }),
    ...instances.flatMap((log) => logLines(log, step, all ? log.lines.length : log === first ? shownLines : 0, colors)),
  ];
}

function logLines(
  { id, state, at, from, lines, note }: InstanceLog,
  step: string,
  count: number,
  colors: Colors,
): string[] {
  const about = `${id} in ${step} (${oneLine(state)}), ${at}`;
  if (from === undefined) return [`${colors.bold(`no log of ${about}:`)} ${oneLine(note ?? '')}`];
  const shown = lines.slice(lines.length - Math.min(count, lines.length));
  const part = shown.length === 0 ? '' : `the last ${shown.length} of `;
  const fewer = shown.length < lines.length ? `, ${part}${lines.length} lines (all: --logs)` : '';
  const heading = `log of ${about}, ${oneLine(from)}${fewer}${shown.length > 0 ? ':' : ''}`;
  return [colors.bold(heading), ...shown.map((line) => `  ${printable(line)}`)];
}
