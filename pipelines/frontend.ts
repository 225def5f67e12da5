import { userInfo } from 'node:os';
import { definePipeline, maintenanceOff, maintenanceOn } from 'golden-pipeline';

export default definePipeline({
  app: 'frontend',
  source: { repository: '.', path: 'examples/frontend' },
  ansible: { playbook: 'ansible/frontend.yml' },
  service: { port: 3200, healthPath: '/health' },
  capacity: { min: 2, max: 20 },
  balancer: { listenerPort: 8080 },
  release: {
    smokeTests: [
      { path: '/version', status: 200, contains: '"version": "{version}"' },
      { path: '/', status: 200, contains: '<title>' },
    ],
  },
  tasks: {
    'maintenance-on': maintenanceOn({ page: 'examples/frontend/maintenance.html' }),
    'maintenance-off': maintenanceOff(),
  },
  defaultEnvironment: 'local',
  environments: {
    local: {
      cloud: 'local',
      ssh: { user: userInfo().username, port: 2222, privateKey: '.pipeline/local-key/id_ed25519', become: false },
      instance: { keyName: 'golden-pipeline' },
      balancer: { healthCheck: { intervalSeconds: 1, timeoutSeconds: 1 }, deregistrationDelaySeconds: 5 },
      release: {
        verifySeconds: 3,
        pollSeconds: 0.25,
        timeouts: { health: 60, bake: 60, drain: 30, refresh: 180, ansible: 180 },
      },
    },
    production: {
      cloud: 'aws',
      region: 'eu-west-1',
      capacity: { min: 3, max: 350 },
      ledger: { type: 's3', bucket: 'golden-pipeline-production' },
    },
  },
});
