import { expect, it } from 'vitest';
import { assertNamedRun, assertNoRefresh, assertNoUnknownRun } from '../../src/repair/assert-restorable.ts';
import { before, groupFacts, leftoverFacts } from '../fleet/leftovers/support/facts.ts';

const unknown = groupFacts({ run: { id: 'run-1', standing: 'unknown' } });
const refresh = { id: 'refresh-1', status: 'InProgress', percentage: 30 };
const helper = { id: 'i-7', role: 'builder', run: 'run-2', standing: 'unknown' } as const;

it('a fleet with the tags of an unknown run is not restored, an instance of one does not matter', () => {
  expect(() => assertNoUnknownRun(leftoverFacts([unknown]))).toThrow(/tags of run run-1, which this ledger/);
  assertNoUnknownRun(leftoverFacts([groupFacts({ before })], { helpers: [helper] }));
});

it('a fleet with tags is not restored during an instance refresh, and the refusal names how to end it', () => {
  const error = { code: 'repair.refresh', fix: expect.stringContaining('rollback-instance-refresh') };
  expect(() => assertNoRefresh(leftoverFacts([groupFacts({ before, refresh })]))).toThrow(
    expect.objectContaining(error),
  );
  assertNoRefresh(leftoverFacts([groupFacts({ refresh })]));
  assertNoRefresh(leftoverFacts([groupFacts({ before })]));
});

it('a lost run must be one that a group or an instance is tagged with', () => {
  const facts = leftoverFacts([unknown], { helpers: [helper] });
  for (const run of ['run-1', 'run-2', undefined]) assertNamedRun(facts, run);
  expect(() => assertNamedRun(facts, 'run-3')).toThrow('--lost-run run-3: nothing in the fleet of api');
});
