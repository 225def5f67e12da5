import type { Operation } from '../../../src/engine/operation.ts';
import type { Plan, Step } from '../../../src/engine/step.ts';
import type { Services } from '../../../src/fleet/services.ts';

interface ToyState {
  color: string;
}

/** What toy runs have painted. */
export const painted = new Set<string>();

const paint: Step<Services, ToyState> = {
  id: 'paint',
  title: 'Paint the fleet',
  describe: ({ state }) => [`paints it ${state.color}`],
  async run(context) {
    const { color } = context.state;
    await context.change({ action: 'paint', target: color }, async () => void painted.add(color));
  },
  async undo(context) {
    const { color } = context.state;
    await context.change({ action: 'wash', target: color }, async () => void painted.delete(color));
  },
};

const varnish: Step<Services, ToyState> = {
  id: 'varnish',
  title: 'Varnish the fleet',
  commits: true,
  describe: () => [],
  run: async (context) => context.change({ action: 'varnish', target: context.state.color }, async () => undefined),
};

const admire: Step<Services, ToyState> = {
  id: 'admire',
  title: 'Admire the fleet',
  describe: () => [],
  run: async (context) => context.change({ action: 'look', target: context.state.color }, async () => undefined),
};

const steps = [paint, varnish, admire];

/** An operation that this product does not have: all that the runner needs to know of it is in here. */
export const toyOperation: Operation<Services, ToyState> = {
  name: 'toy',
  preemptible: true,
  changesVersion: false,
  onInterrupted: 'undo',
  steps: () => steps,
  summary: ({ color }) => ({ color }),
  undoCommand: ({ color }, { fleet }) => `pipeline toy ${fleet.app} --wash ${color}`,
};

export function planToy(color: string): Plan<Services, ToyState> {
  return { operation: 'toy', app: 'api', environment: 'local', steps, initial: { color }, described: {} };
}
