import { terminateLostInstance } from '../../plays/lost-identity.ts';
import type { RepairStep } from '../state.ts';

/** Replaces a host that has lost what a boot does not make again, as soon as the group can launch another. Until then it serves. */
export const replaceLostHost: RepairStep = {
  id: 'replace-host',
  title: 'Replace the baked instance if it has lost its identity',
  describe: () => ['otherwise it stays in service'],
  async skip({ state: { lost, host } }) {
    return lost && host ? undefined : 'it has lost nothing that a boot does not create again';
  },
  run: terminateLostInstance,
};
