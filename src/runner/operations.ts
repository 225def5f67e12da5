import { type JournaledFacts, type Operation, registered } from '../engine/operation.ts';
import type { Services } from '../fleet/services.ts';
import { rebuildLedgerOperation } from '../ledger-rebuild/operation.ts';
import { type ReleaseProject, releaseOperation } from '../release/operation.ts';
import { repairOperation } from '../repair/operation.ts';
import { restartOperation } from '../restart/operation.ts';
import { pinOperation, pruneOperation, unpinOperation } from '../retention/operations.ts';
import { rollbackOperation } from '../rollback/operation.ts';
import { scaleOperation } from '../scale/operation.ts';
import { refreshSecretsOperation } from '../secrets/operation.ts';
import { taskOperation } from '../tasks/operation.ts';
import type { Task } from '../tasks/types.ts';

/** What operations need of the project's own code. */
export interface ProjectTasks extends ReleaseProject {
  /** The app's task of a name. */
  task(name: string): Promise<Task | undefined>;
}

/** An operation whose facts only its own steps know. */
export type AnyOperation = Operation<Services, JournaledFacts, ProjectTasks>;

/** Every operation there is. A new one is a folder with its `operation.ts`, and a line in here. */
export const operations: readonly AnyOperation[] = [
  registered(releaseOperation),
  registered(rollbackOperation),
  registered(scaleOperation),
  registered(repairOperation),
  registered(refreshSecretsOperation),
  registered(restartOperation),
  registered(pinOperation),
  registered(unpinOperation),
  registered(pruneOperation),
  registered(rebuildLedgerOperation),
];

/** The operation of a recorded run: a registered one, or else a task of the app; undefined when neither has this name. */
export async function operationNamed(
  name: string,
  all: readonly AnyOperation[],
  project: ProjectTasks,
): Promise<AnyOperation | undefined> {
  const known = all.find((one) => one.name === name);
  if (known) return known;
  const task = await project.task(name);
  return task && registered(taskOperation(name, task));
}

/** Whether runs of an operation decide which version serves; for {@link Services}. */
export function versionChangers(all: readonly AnyOperation[]): (operation: string) => boolean {
  const names = new Set(all.filter((one) => one.changesVersion).map((one) => one.name));
  return (operation) => names.has(operation);
}
