// A cloud in this process: on the wire, with machines and a balancer, or called directly on a clock of one's own.
export { type Clock, systemClock, type Timer } from '@golden-pipeline/shared/clock';
export { PipelineError } from '@golden-pipeline/shared/errors';
export { VirtualClock } from '@golden-pipeline/shared/virtual-clock';
export type { CallHistory, CallQuery, CallReport, CallTotal } from './calls/log.ts';
export type { CallRecord } from './calls/record.ts';
export { type CloudOptions, type LocalCloud, startLocalCloud } from './daemon/cloud.ts';
export type { CloudStatus } from './daemon/control.ts';
export type { SdkClient } from './direct/connect.ts';
export { seededRandom } from './direct/seeded-random.ts';
export {
  type DirectClock,
  type DirectCloud,
  type DirectCloudOptions,
  startDirectCloud,
} from './direct/start-direct-cloud.ts';
export type { FaultFields } from './faults/fields.ts';
export { type FaultKind, faultKinds } from './faults/kinds.ts';
export type { FaultControl, FaultRequest, FaultRule, FaultView } from './faults/rule.ts';
export { account, type Delays, delayProfiles } from './settings.ts';
