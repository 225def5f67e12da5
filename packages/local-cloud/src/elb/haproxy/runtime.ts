import { connect } from 'node:net';

/**
 * Sends command lines to a HAProxy socket and resolves with all it answers. Closing our half makes HAProxy (and its
 * master, which otherwise keeps the connection open) close after the last answer.
 */
export function ask(socket: string, commands: string, timeoutMs = 5000): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const connection = connect(socket);
    connection.setEncoding('utf8');
    connection.setTimeout(timeoutMs, () => connection.destroy(new Error(`HAProxy did not answer on ${socket}`)));
    connection.on('data', (chunk) => {
      answer += chunk;
    });
    connection.on('error', reject);
    connection.on('close', (failed) => failed || resolve(answer));
    connection.end(`${commands}\n`);
  });
}

/** One server as `show stat` has it. */
export interface ServerStat {
  backend: string;
  name: string;
  sessions: number;
  /** `L7OK`, `L4CON`, `INI` ...; empty while checks are off, `* ` stripped when a check is in progress. */
  checkStatus: string;
  /** HTTP code of the last check's answer; 0 when there was none. */
  checkCode: number;
  /** HAProxy's counter: `rise` or more is up. */
  checkHealth: number;
}

export const showServers = 'show stat -1 4 -1';

/** Reads the answer to {@link showServers}. */
export function parseStat(csv: string): ServerStat[] {
  const [head = '', ...lines] = csv.split('\n').filter((line) => line.trim() !== '');
  const columns = head.replace(/^# /, '').split(',');
  const at = (name: string): number => columns.indexOf(name);
  const [px, sv, scur, status, code, health] = [
    at('pxname'),
    at('svname'),
    at('scur'),
    at('check_status'),
    at('check_code'),
    at('check_health'),
  ];
  return lines.map((line) => {
    const cells = cellsOf(line);
    return {
      backend: cells[px] ?? '',
      name: cells[sv] ?? '',
      sessions: Number(cells[scur] || 0),
      checkStatus: (cells[status] ?? '').replace(/^\* /, ''),
      checkCode: Number(cells[code] || 0),
      checkHealth: Number(cells[health] || 0),
    };
  });
}

/** Texts of checks come quoted and may hold commas. */
function cellsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map((match) => match[1] ?? '');
}
