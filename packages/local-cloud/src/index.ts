// A cloud in this process: on the wire, with machines and a balancer, or called directly on a clock of one's own.
export { type CloudOptions, type LocalCloud, startLocalCloud } from './daemon/cloud.ts';
export { seededRandom } from './direct/seeded-random.ts';
export {
  type DirectClock,
  type DirectCloud,
  type DirectCloudOptions,
  startDirectCloud,
} from './direct/start-direct-cloud.ts';
