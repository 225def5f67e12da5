import { expect, it } from 'vitest';
import { goldenImageTags } from '../../src/fleet/golden-image-tags.ts';
import type { Services } from '../../src/fleet/services.ts';

const run = { id: 'r1', operation: 'release', app: 'api', environment: 'local', startedAt: 0 };
const services = { fleet: { app: 'api', environment: 'local' } } as Services;

it('an image says what it is of; what does not apply is left out', () => {
  const state = { version: 'v2', commit: 'c0ffee' };
  const plain = goldenImageTags({ services, state, run }, 'api-local-v2', []);
  expect(plain).toMatchObject({ Name: 'api-local-v2', 'golden-pipeline:version': 'v2', 'golden-pipeline:run': 'r1' });
  const more = goldenImageTags({ services, state: { ...state, irreversible: 'why' }, run }, 'api-local-v2', [
    'v1',
    'v2',
  ]);
  const added = Object.keys(more).filter((key) => !Object.hasOwn(plain, key));
  expect(added.sort()).toEqual(['golden-pipeline:environments', 'golden-pipeline:irreversible']);
});
