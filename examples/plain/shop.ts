import { definePipeline } from 'golden-pipeline';

// Copy it to pipelines/shop.ts of your project.
export default definePipeline({
  app: 'shop',
  source: { repository: '.', path: 'app' },
  ansible: { playbook: 'ansible/site.yml', kind: 'plain', groups: ['webservers'] },
  service: { port: 80, healthPath: '/health' },
  release: { smokeTests: [{ path: '/version', contains: '"version": "{version}"' }] },
  environments: {
    production: {
      cloud: 'aws',
      region: 'eu-west-1',
      capacity: { min: 2, max: 10 },
      ledger: { type: 's3', bucket: 'shop-ledger-production' },
    },
  },
});
