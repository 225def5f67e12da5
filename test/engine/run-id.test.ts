import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { describe, expect, it } from 'vitest';
import { createRunId, isRunId } from '../../src/engine/run-id.ts';

describe('createRunId', () => {
  it('is the time and four random characters, and sorts by time', async () => {
    const clock = new ManualClock();
    const first = createRunId(clock, () => 35);
    expect(first).toBe('20260101T000000-000z');
    await clock.advance(1000);
    expect(createRunId(clock) > first).toBe(true);
    expect(isRunId(createRunId(clock))).toBe(true);
  });

  it.each(['', '../x', '20260101T000000-000z\n', '20260101T000000-000z/..', '20260101T000000-'])(
    'does not accept %j',
    (text) => {
      expect(isRunId(text)).toBe(false);
    },
  );
});
