import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';

/** So many instances, or so many percent of them. */
export type Batch = { instances: number } | { percent: number };

/** Without a wish: one instance, or a tenth of a large fleet. */
const usual: Batch = { percent: 10 };

/** As many instances as Auto Scaling takes out of service by one call, and as are restarted at once at most. */
const most = 20;

/** Reads `3` or `25%`. @throws usage error `restart.batch` */
export function parseBatch(text: string): Batch {
  const [, digits = '', percent] = /^([1-9]\d{0,4})(%?)$/.exec(text) ?? [];
  const number = Number(digits);
  if (digits === '' || (percent !== '' && number > 100)) {
    throw usageError('restart.batch', `${show(text)} is not a number of instances`, 'a whole number, or 1% to 100%');
  }
  return percent === '' ? { instances: number } : { percent: number };
}

/** How many instances are restarted at a time, of a fleet of this size: at least one, at most 20. */
export function batchSize(batch: Batch = usual, instances: number): number {
  const wanted = 'instances' in batch ? batch.instances : Math.floor((instances * batch.percent) / 100);
  return Math.min(Math.max(1, wanted), most);
}
