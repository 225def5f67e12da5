import { describe, expect, it } from 'vitest';
import { versionChart } from '../../examples/demo/chart.ts';

const second = (versions: Record<string, number>) => ({ at: 0, versions, failed: 0 });

describe('versionChart', () => {
  it('shows the share of each version over time, versions in number order', () => {
    const chart = versionChart([second({ v2: 10 }), second({ v2: 5, v10: 5 }), second({ v10: 10 })]);
    expect(chart).toEqual([' v2 │█▄ │', 'v10 │ ▄█│', '    └───┘ 3 s']);
  });

  it('never draws a version that served as nothing', () => {
    expect(versionChart([second({ v1: 999, v2: 1 })])[1]).toBe('v2 │▁│');
  });

  it('compresses a long run to the width', () => {
    const chart = versionChart(
      Array.from({ length: 500 }, () => second({ v1: 1 })),
      40,
    );
    expect(chart[0]).toBe(`v1 │${'█'.repeat(40)}│`);
  });

  it('accepts a load that saw no answer', () => {
    expect(versionChart([])).toHaveLength(1);
  });
});
