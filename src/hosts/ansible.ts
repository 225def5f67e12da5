import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import type { Fleet } from '../config/settings.ts';
import { changesOn } from './ansible-changes.ts';
import { ansibleMissing, noHostsError, playError } from './ansible-error.ts';
import { type AnsibleEvent, eventParser, follow, ranNothing } from './ansible-events.ts';
import { checkVariables, inventory } from './ansible-files.ts';
import { environment, runGroup } from './ansible-process.ts';
import { createPlaySetup, type PlaySettings, releasePlays } from './play-setup.ts';
import { namingProject } from './project-paths.ts';
import type { Host, Hosts } from './types.ts';

/** Runs playbooks on one host at a time, over the shared connections of `sshOptions`. */
export function createAnsible(settings: {
  ssh: Fleet['ssh'];
  ansible?: PlaySettings;
  projectDir: string;
  runDir: string;
  clock: Clock;
  sshOptions: (host: Host) => string[];
}): Hosts['play'] {
  const { ssh, ansible = releasePlays, projectDir, runDir, clock } = settings;
  const setupOf = createPlaySetup({ ansible, projectDir, become: ssh.become });

  const play: Hosts['play'] = async (host, playbook, variables, options) => {
    const { timeoutMs, onTask, onChanges, signal, projectDir: checkout } = options;
    checkVariables(variables);
    if (!existsSync(playbook)) throw usageError('ansible.no-playbook', `playbook ${playbook} does not exist`);
    signal?.throwIfAborted();
    const setup = await setupOf(playbook, { signal, checkout });
    const folder = await mkdtemp(join(runDir, 'play-'));
    try {
      const files = { inventory: 'inventory.json', variables: 'variables.json', events: 'events.ndjson' };
      const path = (name: keyof typeof files) => join(folder, files[name]);
      await Promise.all([
        mkdir(join(folder, 'tmp'), { mode: 0o700 }),
        writeFile(path('inventory'), inventory(host, ssh, ansible), { mode: 0o600 }),
        writeFile(path('variables'), JSON.stringify(variables), { mode: 0o600 }),
        writeFile(path('events'), '', { mode: 0o600 }),
      ]);
      const events: AnsibleEvent[] = [];
      const parse = eventParser((event) => {
        events.push(event);
        if (event.event === 'task') onTask?.({ name: event.name, index: event.index });
      });
      const following = follow(path('events'), parse);
      const result = await runGroup(
        clock,
        ['-i', path('inventory'), '--extra-vars', `@${path('variables')}`, ...setup.argv, playbook],
        {
          cwd: dirname(playbook),
          env: {
            ...environment(folder, path('events'), setup.config, settings.sshOptions(host)),
            ...setup.env,
            // Facts that one play has gathered about the host are reused by later plays of this process.
            ANSIBLE_CACHE_PLUGIN: 'jsonfile',
            ANSIBLE_CACHE_PLUGIN_CONNECTION: join(runDir, 'facts'),
          },
        },
        timeoutMs,
        signal,
      ).finally(() => following.finish());
      onChanges?.(changesOn(host, events));
      if (result.missing) throw ansibleMissing('ansible-playbook');
      if (result.stopped === 'signal') throw signal?.reason;
      if (result.stopped === 'timeout') {
        const last = events.findLast((event) => event.event === 'task');
        throw new PipelineError(
          'ansible.timeout',
          `Ansible did not finish on ${host.instanceId} within ${Math.round(timeoutMs / 1000)} s${last?.event === 'task' ? `, in task "${last.name}"` : ''}`,
          { fix: 'if it only needs longer, raise release.timeouts.ansible' },
        );
      }
      if (result.exitCode !== 0) throw playError(host, events, { ...result, how: `exit ${result.exitCode}` });
      if (ranNothing(host, events)) throw noHostsError(host, playbook, events);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  return (host, playbook, variables, options) =>
    namingProject({ checkout: options.projectDir, projectDir }, () => play(host, playbook, variables, options));
}
