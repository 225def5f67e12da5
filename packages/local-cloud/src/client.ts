// A cloud in a process of its own: starting and stopping it, its faults, its calls. Needs nothing but Node.
export { PipelineError } from '@golden-pipeline/shared/errors';
export type { CallQuery, CallReport, CallTotal } from './calls/log.ts';
export type { CallRecord } from './calls/record.ts';
export { readCloud, type SpawnOptions, spawnCloud, stopCloud } from './daemon/client.ts';
export type { CloudStatus } from './daemon/control.ts';
export { type ControlClient, type ControlTarget, controlClient } from './daemon/control-client.ts';
export type { CloudDescriptor } from './daemon/descriptor.ts';
export { type Identity, loadIdentity, saveIdentity } from './daemon/identity.ts';
export { checkFault } from './faults/check.ts';
export type { FaultFields } from './faults/fields.ts';
export { type FaultKind, faultKinds } from './faults/kinds.ts';
export type { FaultRequest, FaultRule, FaultView } from './faults/rule.ts';
