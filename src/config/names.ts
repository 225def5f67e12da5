import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import { versionPattern } from '../shared/version.ts';

/** AWS allows 32 characters for a target group's name; app, environment and `-check` must fit. */
export const appPattern = /^[a-z][a-z0-9-]{0,20}$/;
export const environmentPattern = /^[a-z][a-z0-9-]{0,20}$/;

/** Name of the file in `pipelines/` that is not an app's: what all apps share. */
export const sharedName = 'environments';

/** The rules for each kind of name, for error messages. */
export const nameRules = {
  app: 'a lower-case letter, then up to 20 lower-case letters, digits and hyphens',
  environment: 'a lower-case letter, then up to 20 lower-case letters, digits and hyphens',
  version: 'v and a number, as in v42',
} as const;

/** An app's name from the command line, checked before any file is touched. @throws usage error `name.app` */
export function appName(value: string): string {
  const why = reservedName(value);
  if (why) throw usageError('name.app', `an app cannot be called ${value}: ${why}`, 'call the app something else');
  if (appPattern.test(value)) return value;
  throw usageError('name.app', `${show(value)} is not a name of an app`, `an app's name is ${nameRules.app}`);
}

/** Why an app cannot have a name that fits the pattern; undefined for one that it can have. */
export function reservedName(app: string): string | undefined {
  if (app !== sharedName) return undefined;
  return `pipelines/${sharedName}.ts has what all apps share`;
}

/** An environment's name from the command line. @throws usage error `name.environment` */
export function environmentName(value: string): string {
  if (environmentPattern.test(value)) return value;
  const fix = `an environment's name is ${nameRules.environment}`;
  throw usageError('name.environment', `${show(value)} is not a name of an environment`, fix);
}

/** A release's version from the command line. @throws usage error `name.version` */
export function versionName(value: string): string {
  if (versionPattern.test(value)) return value;
  throw usageError('name.version', `${show(value)} is not a version`, `a version is ${nameRules.version}`);
}

/**
 * A branch, tag, hash or `HEAD~1`, safe as an argument of git: not an option (`--upload-pack=...`), range, `rev:path`,
 * reflog entry or second line. Git checks later whether it exists. @throws usage error `name.ref`
 */
export function gitRef(value: string): string {
  const why = refProblem(value);
  if (!why) return value;
  throw usageError(
    'name.ref',
    `${show(value)} is not a git ref that can be released: ${why}`,
    'give a branch, a tag, a commit hash or HEAD',
  );
}

/**
 * Characters outside this list are refused: git itself forbids some (gitrevisions(7), git-check-ref-format(1)), and
 * others have a meaning in shells.
 */
const refCharacters = /^[A-Za-z0-9_./@+#=,%-]+$/;

function refProblem(value: string): string | undefined {
  if (value === '') return 'it is empty';
  if (value.length > 200) return `it has ${value.length} characters, more than 200`;
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value)) return 'it has control characters';
  if (value.startsWith('-')) return 'it starts with a hyphen, as an option does';
  if (value.includes('..')) return 'it has two consecutive dots';
  if (value.includes('@{')) return 'it names a reflog entry';
  // Ancestors (`HEAD~2`, `main^`) are allowed after a valid name.
  const name = value.replace(/(~[0-9]{0,4}|\^[0-9]?)+$/, '');
  if (!refCharacters.test(name)) return 'it has characters that no branch, tag or hash needs';
  if (/^[/.]|\/$|\.$|\/\/|\/\.|\.lock(\/|$)/.test(name)) return 'git allows no such name';
  return undefined;
}
