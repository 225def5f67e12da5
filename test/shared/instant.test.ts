import { describe, expect, it } from 'vitest';
import { instantOf, instantText, parseInstant, wholeSeconds } from '../../src/shared/instant.ts';

describe('an instant', () => {
  const text = '2027-03-01T08:30:15.250Z';

  it('is written as ISO text and read again', () => {
    expect(instantText(Date.UTC(2027, 2, 1, 8, 30, 15, 250))).toBe(text);
    expect(parseInstant(text)).toBe(Date.UTC(2027, 2, 1, 8, 30, 15, 250));
  });

  it.each([undefined, '', 'soon'])('is not there for the text %j', (none) => {
    expect(parseInstant(none)).toBeUndefined();
    expect(instantOf(none)).toBeNaN();
  });

  it('is rounded down to the second', () => {
    expect(wholeSeconds(instantOf(text))).toBe(instantOf('2027-03-01T08:30:15Z') / 1000);
  });
});
