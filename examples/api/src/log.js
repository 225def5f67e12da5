/**
 * Writes one JSON document a line to stdout, where the host's service manager keeps it.
 * @param {'info' | 'error'} level
 * @param {string} message
 * @param {object} [fields]
 */
export function log(level, message, fields = {}) {
  process.stdout.write(
    `${JSON.stringify({ level, time: new Date().toISOString(), name: 'api', ...fields, msg: message })}\n`,
  );
}
