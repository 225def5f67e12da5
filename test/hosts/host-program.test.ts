import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { describe, expect, it } from 'vitest';
import { runHostProgram, sentProgram } from '../../src/hosts/host-program.ts';
import type { Hosts, ProgramEnd } from '../../src/hosts/types.ts';
import { localStream } from '../support/local-stream.ts';

const host = { instanceId: 'i-1', address: '10.0.0.1' };
const argument = { root: '/none', app: 'no-such-app', service: '/no/such/service' };
const run = (hosts: Pick<Hosts, 'stream'>, clock = new ManualClock()) =>
  runHostProgram({ hosts, clock, become: false }, host, 'service_state', argument, 8000);

/** A host whose program prints a line and exits. */
const printing = (line: string, end: ProgramEnd & { stderr: string }): Pick<Hosts, 'stream'> => ({
  async stream(_host, _argv, { onLine }) {
    await onLine(line);
    return end;
  },
});

describe('a program that is sent to a host', () => {
  it('runs there without being part of the command, which sudo writes to the log', async () => {
    const { hosts, commands } = localStream();
    expect(await run(hosts)).toEqual({ problem: expect.stringContaining('no') });
    expect(commands[0]?.join(' ')).not.toContain('def main');
    const { argv, input } = await sentProgram('service_state', argument, { become: true });
    expect(argv.slice(0, 3)).toEqual(['sudo', '-n', '/usr/bin/python3']);
    expect(input).toContain('def main');
  });

  it.each([
    ['fails', printing('', { exitCode: 127, stderr: 'x\npython3: not found\n' }), 'exit 127: python3: not found'],
    ['prints something else', printing('Welcome', { exitCode: 0, stderr: '' }), 'it printed "Welcome"'],
  ])('is an error with its name and its instance when it %s', async (_what, hosts, why) => {
    await expect(run(hosts)).rejects.toMatchObject({ code: 'host.program', message: `service_state on i-1: ${why}` });
  });

  it.each([
    ['it does not answer in time', true],
    ['its login never ends, whatever the signal', false],
  ])('is not waited for when %s', async (_what, ends) => {
    const clock = new ManualClock();
    const never: Pick<Hosts, 'stream'> = {
      stream: (_host, _argv, { signal }) =>
        new Promise((resolve) => {
          if (ends) signal?.addEventListener('abort', () => resolve(undefined));
          clock.advance(8000);
        }),
    };
    await expect(run(never, clock)).rejects.toThrow('it did not answer within 8 s');
  });
});
