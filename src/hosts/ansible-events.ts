import { createReadStream, watch } from 'node:fs';
import type { Host } from './types.ts';

/** The module and the role of a task; absent where an older copy of the plugin wrote the line. */
export interface TaskOrigin {
  /** Fully qualified where Ansible resolves the module, e.g. `ansible.builtin.template`. */
  module?: string;
  /** Role, and its folder; absent outside of roles. */
  role?: string;
  folder?: string;
  /** The paths that the module reports; empty where it reports none. */
  paths?: string[];
  /** What the clean-up program has removed and a boot does not create again, one entry each. */
  lost?: string[];
}

/** A line that the callback plugin `pipeline_events` writes. */
export type AnsibleEvent =
  | ({ event: 'task'; name: string; index: number } & TaskOrigin)
  | ({ event: 'ok'; host: string; task: string; seconds: number; changed: boolean } & TaskOrigin)
  | ({ event: 'skipped'; host: string; task: string; seconds: number } & TaskOrigin)
  | AnsibleFailure
  | ({ event: 'unreachable'; host: string; task: string; seconds: number; msg: string } & TaskOrigin)
  | { event: 'done' };

export interface AnsibleFailure extends TaskOrigin {
  event: 'failed';
  host: string;
  task: string;
  seconds: number;
  ignored: boolean;
  msg: string;
  stderr: string;
  stdout: string;
  rc: number | null;
}

/**
 * True when a finished playbook ran no task on the host. Without its final event the plugin did not work, and nothing
 * is known.
 */
export function ranNothing({ instanceId }: Host, events: readonly AnsibleEvent[]): boolean {
  const ran = (one: AnsibleEvent) => (one.event === 'ok' || one.event === 'failed') && one.host === instanceId;
  return events.some((one) => one.event === 'done') && !events.some(ran);
}

/** Splits text that arrives in pieces into events; a line that is not JSON is skipped. */
export function eventParser(onEvent: (event: AnsibleEvent) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      try {
        onEvent(JSON.parse(line) as AnsibleEvent);
      } catch {
        // A line cut by a killed process.
      }
    }
  };
}

/** Follows a file that exists and grows. `finish` reads the rest and stops. */
export function follow(file: string, onText: (text: string) => void): { finish(): Promise<void> } {
  let position = 0;
  let reading = Promise.resolve();
  const read = () => {
    reading = reading.then(async () => {
      const stream = createReadStream(file, { start: position, encoding: undefined });
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      const bytes = Buffer.concat(chunks);
      // Only complete lines, so that no character is split.
      const whole = bytes.subarray(0, bytes.lastIndexOf(10) + 1);
      position += whole.length;
      if (whole.length > 0) onText(whole.toString('utf8'));
    });
  };
  const watcher = watch(file, { persistent: false }, read);
  return {
    finish: async () => {
      watcher.close();
      read();
      await reading;
    },
  };
}
