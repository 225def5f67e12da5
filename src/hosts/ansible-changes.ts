import type { AnsibleEvent, TaskOrigin } from './ansible-events.ts';
import type { Host, TaskChange } from './types.ts';

/**
 * What tasks have changed on the host, or may have: also a task that failed, and the one that was running when the play
 * was stopped. A task that succeeds and reports "changed" has changed only the paths that it reports. A play without
 * events of the plugin may have changed anything.
 */
export function changesOn({ instanceId }: Host, events: readonly AnsibleEvent[]): TaskChange[] {
  const changes: TaskChange[] = [];
  if (events.length === 0) return [{ task: 'all of it', paths: [], how: 'unfinished' }];
  let open: { name: string; origin: TaskOrigin } | undefined;
  for (const event of events) {
    if (event.event === 'done') open = undefined;
    else if (event.event === 'task') open = { name: event.name, origin: event };
    else if (event.host === instanceId) {
      open = undefined;
      const how = changeOf(event);
      if (how) changes.push({ task: event.task, ...originOf(event), how });
    }
  }
  // The event may belong to another host; whether the task has started on this one is unknown.
  if (open) changes.push({ task: open.name, ...originOf(open.origin), how: 'unfinished' });
  return changes;
}

function changeOf(event: Exclude<AnsibleEvent, { event: 'task' | 'done' }>): TaskChange['how'] | undefined {
  if (event.event === 'ok') return event.changed ? 'changed' : undefined;
  if (event.event === 'failed') return 'failed';
  return event.event === 'unreachable' ? 'unfinished' : undefined;
}

const originOf = ({ module, role, folder, paths = [], lost }: TaskOrigin) => ({
  ...(module !== undefined && { module }),
  ...(role !== undefined && { role }),
  ...(folder !== undefined && { folder }),
  paths,
  ...(lost !== undefined && { lost }),
});
