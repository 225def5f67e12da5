import type { AwsClients } from '../../src/aws/clients.ts';
import type { Plan } from '../../src/engine/step.ts';
import type { ReleaseAction } from '../../src/hosts/types.ts';
import type { Simulated } from './simulated.ts';

/** When somebody else does something, once: around a call that the product sends, once a play has ended, or once a step has. */
export type Moment =
  | { before: string }
  | { after: string }
  | { played: ReleaseAction }
  /** Once the step has ended, before the next one begins. */
  | { ended: string };

/**
 * Lets somebody else do something at a moment of a plan.
 * @param options.deed Their own calls do not count.
 * @returns the plan to run, and what takes the deed away again
 */
export function interfering<Services, State>(
  world: Simulated,
  plan: Plan<Services, State>,
  { at, deed }: { at: Moment; deed: () => Promise<unknown> },
): { plan: Plan<Services, State>; restore: () => void } {
  let done = false;
  const once = async () => {
    if (done) return;
    done = true;
    await deed();
  };
  if ('ended' in at) {
    const steps = plan.steps.map((step) => ({
      ...step,
      run: async (context: Parameters<typeof step.run>[0]) => {
        await step.run(context);
        if (step.id === at.ended) await once();
      },
    }));
    return { plan: { ...plan, steps }, restore: () => undefined };
  }
  return { plan, restore: 'played' in at ? afterPlay(world, at.played, once) : aroundCall(world, at, once) };
}

function afterPlay({ services: { hosts } }: Simulated, action: ReleaseAction, once: () => Promise<void>): () => void {
  const { play } = hosts;
  hosts.play = async (host, playbook, variables, options) => {
    await play(host, playbook, variables, options);
    if (variables.release_action === action) await once();
  };
  return () => {
    hosts.play = play;
  };
}

function aroundCall(
  { aws }: Simulated,
  at: { before: string } | { after: string },
  once: () => Promise<void>,
): () => void {
  const [operation, before] = 'before' in at ? [at.before, true] : [at.after, false];
  const name = `somebody-at-${operation}`;
  for (const client of Object.values(aws)) {
    (client.middlewareStack as AwsClients['ec2']['middlewareStack']).add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName !== `${operation}Command`) return next(args);
          if (before) await once();
          const answer = await next(args);
          if (!before) await once();
          return answer;
        },
      { step: 'initialize', name, priority: 'high' },
    );
  }
  return () => {
    for (const client of Object.values(aws)) client.middlewareStack.remove(name);
  };
}
