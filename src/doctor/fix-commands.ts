/** A word of a command: bare, or in quotes as a shell reads it. It ends before the punctuation of the sentence around it. */
const word = String.raw`(?:'[^']*'|(?![.:](?:\s|$))[^\s,;()'\x60])+`;
const command = new RegExp(String.raw`(?<![\w/.-])pipeline(?: ${word})+`, 'g');

/** Commands that are not about one environment, or hand their words to another program. */
const everywhere = /^pipeline (local|infra|config|init)\b/;

/**
 * The commands of this program in the text of a fix, as printed. Each ends with its clause: at `,`, `;`, `)`, a backtick, a full stop or
 * the end, so no words may follow it before.
 */
export function commandsIn(fix: string): string[] {
  return [...fix.matchAll(command)].map(([text]) => text);
}

/** A fix whose commands are for an environment that they would not choose by themselves. */
export function inEnvironment(fix: string, environment: string): string {
  return fix.replaceAll(command, (text) =>
    everywhere.test(text) || text.includes(' --env ') ? text : `${text} --env ${environment}`,
  );
}
