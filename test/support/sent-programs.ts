import type { Host, ProgramEnd, StreamOptions } from '../../src/hosts/types.ts';

/** What the programs that are sent to a host (ansible/host-programs) find there. */
export interface ServiceOfTest {
  /** The end of the service's log; without it there is none. */
  log?: (instanceId: string, wanted: { file: string | null }) => ShownLog | Promise<ShownLog>;
  /** What its init tells of the service. */
  state?: (instanceId: string) => object | Promise<object>;
}

interface ShownLog {
  from: string;
  lines: string[];
  /** There is more before them. */
  cut?: boolean;
}

interface Want {
  folders?: string[];
  file: string | null;
  service?: string;
}

/** A service that has not restarted for a day. */
export const steadyService = {
  ...{ boot: 'first', by: 'runit', pid: 100, restarts: null, started: 1, held: null },
  ...{ age: 86_400, again: false },
};

/** Runs a program that was sent to a host, until the signal at most. */
export function sentProgramOf(
  service: ServiceOfTest,
  { instanceId }: Host,
  argv: string[],
  { onLine, signal }: StreamOptions,
): Promise<(ProgramEnd & { stderr: string }) | undefined> {
  const print = async () => {
    for (const line of await printed(service, instanceId, JSON.parse(argv.at(-1) ?? ''))) {
      await onLine(JSON.stringify(line));
    }
    return { exitCode: 0, stderr: '' };
  };
  const aborted = new Promise<undefined>((resolve) => signal?.addEventListener('abort', () => resolve(undefined)));
  return Promise.race([print(), aborted]);
}

async function printed(service: ServiceOfTest, instanceId: string, want: Want): Promise<object[]> {
  if (want.service) return [(await service.state?.(instanceId)) ?? steadyService];
  if (!want.folders) return [];
  const log = await service.log?.(instanceId, want);
  if (!log) return [{ note: 'it has no log' }];
  return [{ from: log.from }, ...log.lines.map((m) => ({ t: null, m })), ...(log.cut ? [{ more: true }] : [])];
}
