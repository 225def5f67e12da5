import { hourMs } from '../shared/duration.ts';
import { defineTask } from './define.ts';
import { duration, optional, text } from './inputs.ts';
import type { OpeningRule } from './opening-rule.ts';
import type { Task } from './types.ts';

// What these tasks do is loaded when they run: a pipelines file that names them costs nothing.

/**
 * `maintenance-on`: the load balancer itself answers everything with a page, until `maintenance-off` or the end of `--for`.
 * The page has at most 1024 bytes (AWS).
 */
export function maintenanceOn({
  page,
  contentType = 'text/html',
  status = 503,
}: {
  page: string;
  contentType?: string;
  status?: number;
}): Task {
  return defineTask({
    summary: 'put the maintenance page on',
    options: { for: optional(duration('take it off by itself after this time; the command stays until then')) },
    undoneBy: () => 'maintenance-off',
    steps: async (inputs, fleet) => {
      const { maintenanceSteps } = await import('./maintenance.ts');
      return maintenanceSteps({ page, contentType, status }, fleet, inputs.for);
    },
  });
}

/** `maintenance-off`: requests reach the instances again. */
export function maintenanceOff(): Task {
  return defineTask({
    summary: 'take the maintenance page off',
    steps: async () => [(await import('./maintenance.ts')).takeOff],
  });
}

/** `open <name>`: opens a configured port to one's own address, for a while. */
export function openSecurityGroup(openings: Readonly<Record<string, OpeningRule>>): Task {
  return defineTask({
    summary: 'open a port of a security group to your own address for a while',
    arguments: { name: text('what to open', { choices: Object.keys(openings) }) },
    options: {
      from: optional(text('another address or range than your own', { placeholder: 'cidr' })),
      for: optional(duration('how long')),
    },
    undoneBy: ({ name }) => `close ${name}`,
    steps: async ({ name, from, for: time }) => {
      const rule = openings[name] as OpeningRule;
      const max = (rule.maxHours ?? 12) * hourMs;
      const forMs = time ?? (rule.hours ?? 1) * hourMs;
      const { usageError } = await import('@golden-pipeline/shared/errors');
      if (forMs > max) {
        throw usageError(
          'sg.time',
          `${forMs / hourMs} h is longer than ${name} allows, which is ${max / hourMs} h`,
          'ask for less',
        );
      }
      return (await import('./openings.ts')).openSteps({ name, rule, from, forMs });
    },
  });
}

/** `close [name]`: closes what was opened, or, without a name, everything whose time is over. */
export function closeSecurityGroup(openings: Readonly<Record<string, OpeningRule>>): Task {
  return defineTask({
    summary: 'close what was opened; without a name, all whose time is over',
    arguments: { name: optional(text('what to close', { choices: Object.keys(openings) })) },
    steps: async ({ name }) =>
      (await import('./openings.ts')).closeSteps(name, name === undefined ? undefined : openings[name]),
  });
}
