import type { SecretRecord, SecretVersion } from '../model.ts';
import { invalidParameter } from './errors.ts';

export const current = 'AWSCURRENT';
const previous = 'AWSPREVIOUS';
const mostStages = 20;
/** Versions that are kept; of more the oldest without a stage go. */
const mostVersions = 100;

/** Adds a version with its stages. The first one of a secret is current, whatever is requested. */
export function addVersion(record: SecretRecord, version: SecretVersion, stages: readonly string[]): void {
  const wanted = record.versions.length === 0 ? [...new Set([current, ...stages])] : [...new Set(stages)];
  checkStages(wanted);
  record.versions.push(version);
  for (const stage of wanted) moveStage(record, stage, version);
  while (record.versions.length > mostVersions) {
    const idle = record.versions.findIndex(({ stages: kept }) => kept.length === 0);
    if (idle < 0) break;
    record.versions.splice(idle, 1);
  }
}

/** Puts a stage on a version, and takes it from every other one. What was current becomes the previous one. */
export function moveStage(record: SecretRecord, stage: string, to: SecretVersion | undefined): void {
  const from = record.versions.find(({ stages }) => stages.includes(stage));
  if (from === to) return;
  for (const one of record.versions) one.stages = one.stages.filter((name) => name !== stage);
  if (to) to.stages = [...to.stages, stage];
  if (stage !== current || !from) return;
  for (const one of record.versions) one.stages = one.stages.filter((name) => name !== previous);
  from.stages = [...from.stages, previous];
}

export function checkStages(stages: readonly string[]): void {
  if (stages.length > mostStages) throw invalidParameter(`A version can have at most ${mostStages} staging labels.`);
  const wrong = stages.find((stage) => stage.length < 1 || stage.length > 256);
  if (wrong !== undefined) throw invalidParameter('A staging label has 1 to 256 characters.');
}
