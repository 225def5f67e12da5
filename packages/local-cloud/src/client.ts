// A cloud in a process of its own: starting and stopping it, its faults, its calls. Needs nothing but Node.
export { type CloudDescriptor, readCloud, type SpawnOptions, spawnCloud, stopCloud } from './daemon/client.ts';
export {
  type CallQuery,
  type CallReport,
  type CloudStatus,
  type ControlClient,
  type ControlTarget,
  controlClient,
} from './daemon/control-client.ts';
export { type Identity, loadIdentity, saveIdentity } from './daemon/identity.ts';
export { checkFault } from './faults/check.ts';
export { type FaultKind, type FaultRequest, type FaultRule, type FaultView, faultKinds } from './faults/rule.ts';
