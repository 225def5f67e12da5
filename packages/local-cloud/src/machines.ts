// Machines without a cloud: sandboxes with SSH, their images, their addresses.
export { type AddressBlock, claimAddressBlock } from './machines/address-block.ts';
export { createBaseImage } from './machines/base-image.ts';
export { type MachineLayout, machineLayout } from './machines/layout.ts';
export { isAlive, type ProcessRef, processRef } from './machines/process-table.ts';
export { SandboxDriver } from './machines/sandbox-driver.ts';
