/** Lines that are printed with a failure; all of them are kept. */
export const tellingLines = 15;

/** Of a longer line the beginning is printed. */
const shownCharacters = 300;

/** A line that names an error: of Node, Python, Ruby, Go, Java, or of a logger. */
const errorLine =
  /\b[A-Za-z]*(Error|Exception|Errno)\b|^panic:|\b(FATAL|ERROR|CRITICAL|fatal|panic|Unhandled|Uncaught|unhandled|uncaught)\b|"level":\s*"?(error|fatal|50|60)\b/;

/** The time before a line: of the reader of logs (ISO), of svlogd or journalctl, or of the app. */
const time = /^[[(]?\d{4}-\d\d-\d\d[T_ ]\d\d:\d\d:\d\d([.,]\d+)?\s?(Z|[+-]\d\d:?\d\d)?[\])]? /;

/** Where a traceback of Python begins: the error itself is its last line. */
const traceback = /Traceback \(most recent call last\)/;

/** Lines after an error that belong to it: frames of a stack. */
const frame = /^\s+(at |from |File |\.{3} |goroutine |\S+\.go:\d+)|^\t/;

/** True for a log that names an error. */
export function namesError(lines: readonly string[]): boolean {
  return lines.some((line) => errorLine.test(withoutTime(line)));
}

/** The part of a log that says most about a failure: what is around its last error, else its end. */
export function tellingPart(lines: readonly string[]): string[] {
  const bare = lines.map(withoutTime);
  const last = bare.findLastIndex((line) => errorLine.test(line) && !frame.test(line));
  return (last < 0 ? lines.slice(-tellingLines) : around(lines, bare, last)).map(shortened);
}

/** A line without the time before it. */
export function withoutTime(line: string): string {
  return line.replace(time, '');
}

/** @param bare The same lines without times. */
function around(lines: readonly string[], bare: readonly string[], error: number): string[] {
  let end = error + 1;
  while (end < lines.length && frame.test(bare[end] ?? '')) end++;
  const begun = bare.slice(0, error).findLastIndex((line) => traceback.test(line));
  // The error is the last line of a traceback; of other stacks it is the first.
  if (begun >= 0 && error - begun < 3 * tellingLines) return lines.slice(Math.max(begun, end - tellingLines), end);
  const start = Math.max(0, Math.min(error - 3, lines.length - tellingLines));
  return lines.slice(start, start + tellingLines);
}

const shortened = (line: string): string =>
  line.length > shownCharacters ? `${line.slice(0, shownCharacters)}...` : line;
