import type { Fleet } from '../config/settings.ts';
import type { VersionNames } from '../fleet/facts.ts';
import { wantedText } from '../fleet/smoke.ts';
import type { ProbeAnswer } from '../hosts/probe.ts';

/** A request that is repeated, and what a good answer is. */
export interface Asked {
  path: string;
  /** Status that must come back; absent: any below 400. */
  status?: number;
  /** As in the smoke test, with placeholders. */
  contains?: string;
}

/** The requests that are sent steadily: the smoke tests, the further paths of `release.watch.paths`, and without either the health route. */
export function askedPaths({ release, service }: Fleet): Asked[] {
  const further = release.watch.paths.filter((path) => !release.smokeTests.some((test) => test.path === path));
  const asked: Asked[] = [...release.smokeTests, ...further.map((path) => ({ path }))];
  return asked.length > 0 ? asked : [{ path: service.healthPath }];
}

/**
 * Evaluates an answer while several versions may give it.
 * @param versions Those that may answer; none: what an answer must contain is not checked.
 * @param header Response header that names the version.
 */
export function evaluate(
  asked: Asked,
  answer: ProbeAnswer,
  versions: readonly VersionNames[],
  header: string | undefined,
): { version?: string; fault?: string } {
  const texts = versions.map((names) => ({ names, text: wantedText(asked, names) }));
  const named = header === undefined ? undefined : answer.headers?.[header.toLowerCase()];
  // Texts that do not differ tell nothing about who answered.
  const telling = new Set(texts.map(({ text }) => text)).size === texts.length;
  const matching = texts.filter(({ text }) => text !== undefined && answer.body.includes(text));
  const read = telling && matching.length === 1 ? matching[0]?.names.version : undefined;
  const version = named ?? read;
  return { ...(version === undefined ? {} : { version }), ...faultOf(asked, answer, texts) };
}

function faultOf(
  { status }: Asked,
  answer: ProbeAnswer,
  texts: readonly { text: string | undefined }[],
): { fault?: string } {
  if (status === undefined ? answer.status >= 400 : answer.status !== status) {
    return { fault: `answered ${answer.status}${status === undefined ? '' : ` instead of ${status}`}` };
  }
  const known = texts.every(({ text }) => text !== undefined);
  if (texts.length === 0 || !known || texts.some(({ text }) => answer.body.includes(text as string))) return {};
  return {
    fault: `answered without "${texts.map(({ text }) => text).join('" or "')}": ${JSON.stringify(answer.body.slice(0, 120))}`,
  };
}
