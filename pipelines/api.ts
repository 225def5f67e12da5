import { userInfo } from 'node:os';
import { definePipeline } from 'golden-pipeline';

export default definePipeline({
  app: 'api',
  source: { repository: '.', path: 'examples/api' },
  ansible: { playbook: 'ansible/api.yml' },
  service: { port: 3000, stagingPort: 3001, healthPath: '/health' },
  capacity: { min: 4, max: 12 },
  balancer: { listenerPort: 8080 },
  release: {
    keep: 5,
    keepOnHost: 3,
    smokeTests: [
      { path: '/version', status: 200, contains: '"version":"{version}"' },
      { path: '/', status: 200 },
    ],
    watch: { paths: ['/events/open-air'], versionHeader: 'x-release' },
  },
  defaultEnvironment: 'local',
  environments: {
    // The cloud that `pipeline local up` starts on this computer: quick health checks, a short watch.
    local: {
      cloud: 'local',
      region: 'eu-west-1',
      ssh: { user: userInfo().username, port: 2222, privateKey: '.pipeline/local-key/id_ed25519', become: false },
      instance: { type: 't3.small', keyName: 'golden-pipeline' },
      balancer: {
        healthCheck: { intervalSeconds: 1, timeoutSeconds: 1, healthyThreshold: 2, unhealthyThreshold: 2 },
        deregistrationDelaySeconds: 10,
      },
      release: {
        // A rehearsal keeps no image longer than `keep` says.
        minimumAgeHours: 0,
        retireGraceHours: 0,
        verifySeconds: 5,
        pollSeconds: 0.25,
        // This computer is the whole fleet at once: what slows it down is mostly the release itself.
        watch: { perSecond: 20, baselineSeconds: 4, burstSeconds: 1, latencyFloorMs: 250 },
        timeouts: { health: 60, bake: 60, drain: 30, refresh: 180, ansible: 180 },
      },
    },
    staging: {
      cloud: 'aws',
      region: 'eu-west-1',
      capacity: { min: 2, max: 4 },
      // Whoever releases shares it, and its locks.
      ledger: { type: 's3', bucket: 'golden-pipeline-staging' },
    },
    production: {
      inherits: 'staging',
      cloud: 'aws',
      region: 'eu-west-1',
      capacity: { min: 4, max: 350 },
      ledger: { bucket: 'golden-pipeline-production' },
      release: { verifySeconds: 300 },
    },
  },
});
