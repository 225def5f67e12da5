import { account } from '../settings.ts';
import { CloudError } from '../wire/handler.ts';
import { invalid } from './errors.ts';

/** Parts of a path at most. */
const mostLevels = 15;

const rules =
  'can\'t be prefixed with "aws" or "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_';

/**
 * A name that a parameter may be made with.
 * @throws CloudError in Parameter Store's codes
 */
export function checkName(name: string, region: string): string {
  // The ARN, which holds the name, has 1,011 characters at the most by the user guide's count.
  if (arnOf(name, region).length > 1011) throw invalid(`Parameter name: must be within 1011 characters in its ARN.`);
  if (name.includes('/') && !name.startsWith('/')) throw invalid('Parameter name must be a fully qualified name.');
  if (/^\/?(aws|ssm)/i.test(name)) {
    if (/^\/aws\//i.test(name)) {
      throw new CloudError('AccessDeniedException', `No access to reserved parameter name: ${name}.`);
    }
    throw invalid(`Parameter name: ${rules}`);
  }
  if (!isWellFormed(name)) throw invalid(`Parameter name: ${rules}`);
  if (name.split('/').filter(Boolean).length > mostLevels) {
    throw new CloudError(
      'HierarchyLevelLimitExceededException',
      `Hierarchy level limit exceeded: the parameter name ${name} has more than ${mostLevels} levels.`,
    );
  }
  return name;
}

/** @throws CloudError `ValidationException` for what is not a path to look below */
export function checkPath(path: string): string {
  if (path === '/' || (path.startsWith('/') && isWellFormed(path.replace(/\/$/, '')))) return path;
  throw invalid(
    'The parameter doesn\'t meet the parameter name requirements. The parameter name must begin with a forward slash "/". It can\'t be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.',
  );
}

function isWellFormed(name: string): boolean {
  return /^\/?[\w.-]+(\/[\w.-]+)*$/.test(name);
}

/** What a reader asks for: a name or an ARN, with a version or a label after a colon. */
export interface Wanted {
  /** As it was requested. */
  text: string;
  name: string;
  /** `:3`, `:prod`; empty for the current version. */
  selector: string;
}

export function readSelector(text: string, region: string): Wanted {
  const prefix = `arn:aws:ssm:${region}:${account.id}:parameter/`;
  const given = text.startsWith(prefix) ? text.slice(prefix.length) : text;
  const at = given.indexOf(':');
  const name = at < 0 ? given : given.slice(0, at);
  return { text, name, selector: at < 0 ? '' : given.slice(at) };
}

export function arnOf(name: string, region: string): string {
  return `arn:aws:ssm:${region}:${account.id}:parameter${name.startsWith('/') ? '' : '/'}${name}`;
}
