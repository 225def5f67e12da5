import { describe, expect, it } from 'vitest';
import type { ReleaseVariables } from '../../src/hosts/types.ts';
import { playRelease } from '../../src/plays/play.ts';
import { journaledContext } from '../fleet/support/journaled-context.ts';

/** What a play is given, and for how long. */
async function played(bake: 'detach' | 'builder', own: Record<string, unknown> = {}) {
  const seen: { variables?: ReleaseVariables; timeoutMs?: number } = {};
  const fleet = {
    app: 'api',
    ansible: { playbook: 'api.yml', variables: own },
    secrets: {},
    notify: { targets: [], mute: false },
    service: { port: 3000, stagingPort: 3001, healthPath: '/health' },
    release: { clean: {}, keepOnHost: 3, inPlace: { timeoutSeconds: 45 }, timeouts: { health: 400, ansible: 900 } },
  };
  const hosts = {
    play: async (
      _host: unknown,
      _playbook: string,
      variables: ReleaseVariables,
      { timeoutMs }: { timeoutMs: number },
    ) => {
      Object.assign(seen, { variables, timeoutMs });
      throw new Error('enough');
    },
  };
  const state = {
    host: { instanceId: 'i-1', address: '127.0.0.1' },
    version: 'v2',
    commit: 'c',
    current: { templateId: 'lt-1', templateVersion: '1' },
    bake,
  };
  const { context } = journaledContext(state, { fleet, hosts } as never, []);
  await expect(playRelease(context as never, 'stage')).rejects.toThrow('enough');
  return seen;
}

describe('a play of a release', () => {
  it('waits for health as long as configured, in addition to its own limit', async () => {
    const { variables, timeoutMs } = await played('detach');
    expect(variables).toMatchObject({
      release_health_timeout: 400,
      release_takeover_timeout: 45,
      release_builder: false,
    });
    expect(timeoutMs).toBe(1_300_000);
  });

  it('reports that the host is a builder', async () => {
    expect((await played('builder')).variables?.release_builder).toBe(true);
  });

  it('keeps a limit that a team has set for its plays', async () => {
    expect((await played('detach', { release_health_timeout: 7 })).variables?.release_health_timeout).toBe(7);
  });
});
