import { describe, expect, it } from 'vitest';
import { evidenceLines } from '../../../src/cli/views/run-evidence.ts';
import { colorsFor } from '../../../src/cli/views/text.ts';
import type { RunEvidence } from '../../../src/ledger/run-evidence.ts';

const at = '2026-11-30T02:14:21.000Z';
const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
const evidence: RunEvidence = {
  step: 'roll',
  at,
  instances: [
    { id: 'i-1', state: 'unhealthy: Health checks failed', at, from: '/srv/api/shared/log/current', lines },
    { id: 'i-3', state: 'healthy', at, from: 'the journal of api.service', lines },
    { id: 'i-2', state: 'initial', at, lines: [], note: 'no SSH\u0007 to i-2' },
  ],
  probes: [
    { path: '/events', at, status: 500, body: '{"error":"no\u001b[2J seats"}', fault: 'answered 500', version: 'v2' },
    { path: '/', at, status: null, body: null, fault: 'gave no answer: timed out', version: null },
  ],
};

const shown = (all: boolean) => evidenceLines(evidence, all, colorsFor(false));

describe('what was collected about a failure', () => {
  it('is shown as answers and the last lines of each log, with the option that shows all', () => {
    const text = shown(false);
    expect(text.slice(0, 4)).toEqual([
      'wrong answers:',
      `  ${at} /events (v2) answered 500: "{\\"error\\":\\"no\\u001b[2J seats\\"}"`,
      `  ${at} / gave no answer: timed out`,
      `log of i-1 in roll (unhealthy: Health checks failed), ${at}, /srv/api/shared/log/current, the last 20 of 30 lines (all: --logs):`,
    ]);
    expect(text.slice(4, 24)).toEqual(lines.slice(-20).map((line) => `  ${line}`));
    expect(text[24]).toBe(`log of i-3 in roll (healthy), ${at}, the journal of api.service, 30 lines (all: --logs)`);
    expect(text.at(-1)).toMatch(new RegExp(`^no log of i-2 in roll \\(initial\\), ${at}: no SSH\\S* to i-2$`));
    expect(text.join('')).not.toContain('\u0007');
  });

  it('is shown whole with the option', () => {
    expect(shown(true).filter((line) => line === '  line 0')).toHaveLength(2);
    expect(shown(true).join('\n')).not.toContain('--logs');
  });
});
