import type { Clock } from '@golden-pipeline/shared/clock';
import { refusedPlaybooks } from '../composition/refused-playbooks.ts';
import { loadPipeline } from '../config/load.ts';
import { missingFiles } from '../config/missing-files.ts';
import type { Answers } from './answers.ts';

/** What the new file names and the project does not have. */
export async function missingNotes(context: { clock: Clock }, projectDir: string, app: string): Promise<string[]> {
  const pipeline = await loadPipeline({ projectDir, app });
  const fleets = pipeline.environments.map((name) => pipeline.fleet(name));
  const missing = fleets.flatMap(missingFiles).map(({ message, fix }) => `${message}; ${fix}`);
  return [...new Set([...missing, ...(await refusedPlaybooks(context, fleets))])];
}

/** What the running fleet lacks for a release. */
export function fleetNotes({ running }: Answers): string[] {
  if (!running) return [];
  const { TargetType, TargetGroupName } = running.targetGroup;
  const notes: string[] = [];
  if (!running.validation) {
    notes.push(
      'there is no validation route, which status and release need; golden-pipeline/docs/aws-setup.md says what it consists of',
    );
  }
  if (TargetType !== undefined && TargetType !== 'instance') {
    notes.push(`target group ${TargetGroupName} has targets by ${TargetType}; a release needs instances`);
  }
  return notes;
}
