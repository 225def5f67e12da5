import { describe, expect, it } from 'vitest';
import { readPreferences } from '../../../src/autoscaling/refresh/preferences.ts';
import type { GroupRecord } from '../../../src/model.ts';

const group = (more: object = {}) => ({ healthCheckGracePeriodSeconds: 120, ...more }) as GroupRecord;

describe('preferences of a refresh', () => {
  it("have AWS's defaults", () => {
    expect(readPreferences({}, group())).toEqual({
      minHealthyPercentage: 90,
      maxHealthyPercentage: 100,
      maxHealthyExplicit: false,
      instanceWarmupSeconds: 120,
      skipMatching: false,
      autoRollback: false,
      bakeTimeSeconds: 0,
      checkpointPercentages: [],
      checkpointDelaySeconds: 3600,
      scaleInProtectedInstances: 'Wait',
      standbyInstances: 'Wait',
      alarms: [],
    });
  });

  it("take the group's warm-up and maintenance policy where they say nothing", () => {
    const maintenancePolicy = { minHealthyPercentage: 100, maxHealthyPercentage: 150 };
    const own = group({ defaultInstanceWarmupSeconds: 30, maintenancePolicy });
    expect(readPreferences({}, own)).toMatchObject({
      instanceWarmupSeconds: 30,
      minHealthyPercentage: 100,
      maxHealthyPercentage: 150,
      maxHealthyExplicit: true,
    });
    expect(readPreferences({ MinHealthyPercentage: 50, InstanceWarmup: 0 }, own)).toMatchObject({
      instanceWarmupSeconds: 0,
      minHealthyPercentage: 50,
      maxHealthyPercentage: 100,
      maxHealthyExplicit: false,
    });
  });

  it.each([
    [{ MinHealthyPercentage: -1 }, "Value '-1' at 'preferences.minHealthyPercentage' failed to satisfy constraint"],
    [{ MinHealthyPercentage: 90, MaxHealthyPercentage: 201 }, 'Member must have value less than or equal to 200'],
    [{ MaxHealthyPercentage: 110 }, 'must specify MinHealthyPercentage'],
    [{ MinHealthyPercentage: 50, MaxHealthyPercentage: 151 }, 'cannot be greater than 100'],
    [{ CheckpointPercentages: [0] }, "Value '0' at 'preferences.checkpointPercentages'"],
    [{ CheckpointPercentages: [60, 30] }, 'ascending order and unique'],
    [{ CheckpointDelay: 60 }, 'cannot be specified without CheckpointPercentages'],
    [{ CheckpointPercentages: [50], CheckpointDelay: 172_801 }, "Value '172801' at 'preferences.checkpointDelay'"],
    [{ BakeTime: 172_801 }, "Value '172801' at 'preferences.bakeTime'"],
    [{ InstanceWarmup: -1 }, "Value '-1' at 'preferences.instanceWarmup'"],
    [{ StandbyInstances: 'Refresh' as never }, 'Member must satisfy enum value set: [Terminate, Ignore, Wait]'],
    [
      { ScaleInProtectedInstances: 'Terminate' as never },
      "Value 'Terminate' at 'preferences.scaleInProtectedInstances'",
    ],
    [{ AlarmSpecification: { Alarms: Array.from({ length: 11 }, (_, n) => `a${n}`) } }, 'exceed the limit of 10'],
  ])('are refused as %j', (given, message) => {
    expect(() => readPreferences(given, group())).toThrow(message);
  });
});
