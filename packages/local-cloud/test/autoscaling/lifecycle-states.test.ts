import { expect, it } from 'vitest';
import {
  groupMembers,
  isHeld,
  isPending,
  isTerminating,
  isWarm,
  poolMembers,
} from '../../src/autoscaling/lifecycle-states.ts';
import type { GroupRecord, LifecycleState } from '../../src/model.ts';

const states: LifecycleState[] = [
  'Pending',
  'Pending:Wait',
  'Pending:Proceed',
  'InService',
  'EnteringStandby',
  'Standby',
  'Detaching',
  'Terminating',
  'Terminating:Wait',
  'Terminating:Proceed',
  'Warmed:Pending',
  'Warmed:Pending:Wait',
  'Warmed:Stopped',
  'Warmed:Running',
  'Warmed:Terminating',
  'Warmed:Terminating:Wait',
];

const which = (fits: (member: { lifecycleState: LifecycleState }) => boolean) =>
  states.filter((lifecycleState) => fits({ lifecycleState }));

it('tells the states of members apart', () => {
  expect(which(isPending)).toEqual(['Pending', 'Pending:Wait', 'Pending:Proceed']);
  expect(which(isTerminating)).toEqual([
    'Terminating',
    'Terminating:Wait',
    'Terminating:Proceed',
    'Warmed:Terminating',
    'Warmed:Terminating:Wait',
  ]);
  expect(which(isHeld)).toEqual(['Pending:Wait', 'Terminating:Wait', 'Warmed:Pending:Wait', 'Warmed:Terminating:Wait']);
  expect(which(isWarm)).toEqual(states.slice(10));
});

it('parts the pool from the group', () => {
  const group = { instances: states.map((lifecycleState) => ({ lifecycleState })) } as GroupRecord;
  expect(poolMembers(group).map((i) => i.lifecycleState)).toEqual(states.slice(10, 14));
  expect(groupMembers(group).map((i) => i.lifecycleState)).toEqual(states.slice(0, 10));
});
