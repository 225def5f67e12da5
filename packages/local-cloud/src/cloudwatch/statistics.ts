import type { Dimension } from '@aws-sdk/client-cloudwatch';
import type { Distribution } from './distribution.ts';
import type { Dimensions } from './metric-store.ts';

export const statistics = ['SampleCount', 'Average', 'Sum', 'Minimum', 'Maximum'] as const;

/** Percentiles, as alarms and queries name them. */
export const percentile = /^p(\d{1,2}(\.\d{1,10})?|100)$/;

/** A statistic by the name that the API gives it: one of {@link statistics}, or a percentile. */
export function statistic(values: Distribution, name: string): number {
  switch (name) {
    case 'SampleCount':
      return values.count;
    case 'Sum':
      return values.sum;
    case 'Average':
      return values.average;
    case 'Minimum':
      return values.min;
    case 'Maximum':
      return values.max;
    default:
      return values.percentile(Number(name.slice(1)));
  }
}

export function dimensionsOf(dimensions: Dimension[] = []): Dimensions {
  return Object.fromEntries(dimensions.map(({ Name = '', Value = '' }) => [Name, Value]));
}
