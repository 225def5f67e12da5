import { closeSecurityGroup, defineTasks, openSecurityGroup } from 'golden-pipeline';

/** Ports of the instances of a fleet that may be opened for a while, each to a single address unless told otherwise. */
const openings = {
  'api-ssh': { fleet: 'api', port: 22, hours: 1, maxHours: 8 },
  'office-metrics': { fleet: 'api', port: 9100, widestPrefix: 24, hours: 8 },
};

export default defineTasks({
  app: 'sg',
  tasks: { open: openSecurityGroup(openings), close: closeSecurityGroup(openings) },
  defaultEnvironment: 'local',
  environments: {
    local: { cloud: 'local' },
    production: { cloud: 'aws', region: 'eu-west-1', ledger: { type: 's3', bucket: 'golden-pipeline-production' } },
  },
});
