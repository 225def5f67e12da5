import type { z } from 'zod';
import { isLoopback } from './notify-url.ts';
import { type At, type Problem, problem } from './problems.ts';
import type { NotifyTarget } from './schema/notify.ts';
import type { sections } from './schema/pipeline.ts';

/** Name of a target in records and commands: its own, else its kind. */
export const targetName = ({ name, to }: Pick<NotifyTarget, 'name' | 'to'>): string => name ?? to;

/** Mistakes in `notify` that one target alone does not show, or that depend on its other settings. */
export function notifyProblems(notify: z.output<typeof sections.notify> | undefined, at: At): Problem[] {
  const targets = notify?.targets ?? [];
  return targets.flatMap((target, index) => {
    const where = (key: string) => at(['notify', 'targets', index, key]);
    const name = targetName(target);
    const same = targets.findIndex((other) => targetName(other) === name);
    const twice =
      same < index
        ? [problem(where('name'), target.name, `a name of its own, as another target is named '${name}'`)]
        : [];
    return [...twice, ...kindProblems(target, where)];
  });
}

function kindProblems(target: NotifyTarget, where: (key: string) => PropertyKey[]): Problem[] {
  if (target.to === 'slack') {
    const { token, channel, webhook } = target;
    if (webhook === undefined && token === undefined) {
      return [problem(where('token'), undefined, "env('SLACK_TOKEN') of a bot with its channel; or webhook")];
    }
    if (webhook !== undefined && token !== undefined) {
      return [problem(where('webhook'), webhook, 'either webhook, or token and channel')];
    }
    if (token !== undefined && channel === undefined) {
      return [problem(where('channel'), undefined, "a channel such as '#deploys', as token is set")];
    }
  }
  if (target.to === 'email' && (target.user === undefined) !== (target.password === undefined)) {
    const lacking = target.user === undefined ? 'user' : 'password';
    return [problem(where(lacking), undefined, 'user and password, or neither')];
  }
  if (target.to === 'graphite' && target.url === undefined && target.host === undefined) {
    return [
      problem(where('url'), undefined, 'url of the web application for events, host of carbon for metrics, or both'),
    ];
  }
  if (target.to === 'irc' && !target.tls && !isLoopback(target.host)) {
    return [problem(where('tls'), false, 'true, as only a server on this computer may be spoken to without TLS')];
  }
  return [];
}
