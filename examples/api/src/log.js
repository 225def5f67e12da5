/**
 * Writes one line of JSON to stdout, which the host's service manager stores.
 * @param {'info' | 'error'} level
 * @param {string} message
 * @param {object} [fields]
 */
export function log(level, message, fields = {}) {
  process.stdout.write(
    `${JSON.stringify({ level, time: new Date().toISOString(), name: 'api', ...fields, msg: message })}\n`,
  );
}
