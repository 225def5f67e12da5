import type { VersionFacts } from '../../fleet/facts.ts';
import type { FleetFacts, StepWith } from '../../fleet/services.ts';

/** Says who did what, where, and how to take it back. */
export const announce: StepWith<Pick<FleetFacts, 'url'> & VersionFacts> = {
  id: 'announce',
  title: 'Announce the version',
  describe: ({ state, services: { fleet } }) => [
    `say that ${fleet.app} ${state.version} serves in ${fleet.environment}, and how to undo it`,
  ],
  async run(context) {
    const { fleet, by } = context.services;
    const { version, commit, url } = context.state;
    const seconds = Math.round((context.clock.now() - context.run.startedAt) / 1000);
    context.note(
      `${by}: ${fleet.app} ${version} (${commit.slice(0, 12)}) serves in ${fleet.environment} at ${url} after ${seconds} s`,
    );
  },
};
