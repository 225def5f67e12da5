import type {
  InstanceRefresh,
  InstanceRefreshProgressDetails,
  MixedInstancesPolicy,
} from '@aws-sdk/client-auto-scaling';
import type { CloudState, RefreshRecord, RefreshWork } from '../../model.ts';
import { describeTemplate } from '../describe.ts';

export function describeRefresh(state: CloudState, refresh: RefreshRecord): InstanceRefresh {
  const p = refresh.preferences;
  const { rollback, work } = refresh;
  const mixed = refresh.desiredMixedInstances;
  return {
    InstanceRefreshId: refresh.id,
    AutoScalingGroupName: refresh.groupName,
    Status: refresh.status,
    StatusReason: refresh.statusReason,
    StartTime: new Date(refresh.startTime),
    EndTime: refresh.endTime === undefined ? undefined : new Date(refresh.endTime),
    PercentageComplete: refresh.percentageComplete,
    InstancesToUpdate: refresh.instancesToUpdate,
    Strategy: 'Rolling',
    Preferences: {
      MinHealthyPercentage: p.minHealthyPercentage,
      MaxHealthyPercentage: p.maxHealthyExplicit ? p.maxHealthyPercentage : undefined,
      InstanceWarmup: p.instanceWarmupSeconds,
      SkipMatching: p.skipMatching,
      AutoRollback: p.autoRollback,
      BakeTime: p.bakeTimeSeconds,
      ScaleInProtectedInstances: p.scaleInProtectedInstances,
      StandbyInstances: p.standbyInstances,
      ...(p.checkpointPercentages.length > 0 && {
        CheckpointPercentages: p.checkpointPercentages,
        CheckpointDelay: p.checkpointDelaySeconds,
      }),
      ...(p.alarms.length > 0 && { AlarmSpecification: { Alarms: p.alarms } }),
    },
    ProgressDetails: work?.poolTotal ? progressDetails(refresh, work) : undefined,
    DesiredConfiguration: refresh.desiredLaunchTemplate && {
      ...(mixed
        ? { MixedInstancesPolicy: mixed.policy as MixedInstancesPolicy }
        : { LaunchTemplate: describeTemplate(state, refresh.desiredLaunchTemplate) }),
    },
    RollbackDetails: rollback && {
      RollbackReason: refresh.rollbackReason,
      RollbackStartTime: new Date(rollback.startTime),
      PercentageCompleteOnRollback: rollback.percentageCompleteOnRollback,
      InstancesToUpdateOnRollback: rollback.instancesToUpdateOnRollback,
    },
  };
}

/** Of group and warm pool by themselves. */
function progressDetails(refresh: RefreshRecord, work: RefreshWork): InstanceRefreshProgressDetails {
  const share = (total: number, left: number) => (total === 0 ? 100 : Math.floor(((total - left) / total) * 100));
  const live = work.remaining.length;
  const pool = refresh.endTime === undefined ? (work.pool?.length ?? 0) : 0;
  return {
    LivePoolProgress: { PercentageComplete: share(work.total, live), InstancesToUpdate: live },
    WarmPoolProgress: { PercentageComplete: share(work.poolTotal ?? 0, pool), InstancesToUpdate: pool },
  };
}
