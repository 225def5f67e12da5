import type { CommandSpec } from '../command.ts';
import { allowDirty, someApp } from './arguments.ts';

/** Commands for the image that every fleet starts from. */
export const baseCommands: readonly CommandSpec[] = [
  {
    name: 'base build',
    summary: 'build the image that fleets start from, with Packer and Ansible',
    arguments: [{ name: '[app]', description: 'whose region, network and login are used, when they differ' }],
    options: [allowDirty],
    load: () => import('./base-build.ts'),
  },
  {
    name: 'base status',
    summary: 'the base images, their age, and which releases are built on them',
    arguments: [someApp],
    load: () => import('./base-status.ts'),
  },
];
