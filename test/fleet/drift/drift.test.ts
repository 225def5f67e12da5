import { describe, expect, it } from 'vitest';
import type { GoldenImage } from '../../../src/aws/images.ts';
import { type DriftFacts, findDrifts } from '../../../src/fleet/drift/drift.ts';
import { expectedVersions } from '../../../src/fleet/drift/expected-versions.ts';
import type { ReleaseRecord, RunRecord } from '../../../src/ledger/types.ts';
import { operations, versionChangers } from '../../../src/runner/operations.ts';

const image = (imageId: string, facts: Partial<GoldenImage> = {}): GoldenImage => ({
  imageId,
  name: `name-of-${imageId}`,
  state: 'available',
  createdAt: '2026-01-01T00:00:00.000Z',
  irreversible: false,
  knownGood: true,
  environments: [],
  pinned: false,
  pinProtects: false,
  protected: false,
  deprecated: false,
  snapshotIds: [],
  sizeGb: 8,
  ...facts,
});
const release = (version: string, imageId: string, facts: Partial<ReleaseRecord> = {}): ReleaseRecord => ({
  app: 'api',
  environment: 'local',
  version,
  commit: 'a'.repeat(40),
  ref: 'HEAD',
  createdAt: '2026-01-01T00:00:00.000Z',
  createdBy: 'ann',
  run: `run-${version}`,
  state: 'released',
  image: { region: 'eu-west-1', imageId, name: version },
  knownGood: true,
  ...facts,
});
const instance = (id: string, imageId: string, version: string, more: object = {}) => ({
  id,
  imageId,
  version,
  switched: false,
  ...more,
});

/** A fleet that is as the ledger says, but for these facts. */
function drifts(facts: Partial<DriftFacts> = {}): string[] {
  return findDrifts({
    app: 'api',
    aws: 'aws',
    group: 'api-local',
    template: { id: 'lt-1', version: '3', standard: '3', imageId: 'ami-2', release: 'v2' },
    images: [image('ami-1', { version: 'v1' }), image('ami-2', { version: 'v2' })],
    releases: [release('v1', 'ami-1'), release('v2', 'ami-2')],
    expected: ['v2'],
    instances: [instance('i-1', 'ami-2', 'v2', { serves: 'v2' }), instance('i-2', 'ami-2', 'v2')],
    busy: false,
    ...facts,
  }).map(({ kind, severity, message, fix }) => `${severity} ${kind}: ${message} | ${fix}`);
}
const template = (facts: Partial<DriftFacts['template']>) => ({
  id: 'lt-1',
  version: '3',
  standard: '3',
  imageId: 'ami-2',
  release: 'v2',
  ...facts,
});

describe('drift', () => {
  it('is absent in a fleet that matches the ledger', () => expect(drifts()).toEqual([]));

  it('is absent before the first release', () => {
    const before = { releases: [], expected: [], images: [image('ami-0')], template: template({ imageId: 'ami-0' }) };
    expect(drifts({ ...before, instances: [] })).toEqual([]);
  });

  it.each([
    ['gone', []],
    ['failed', [image('ami-2', { version: 'v2', state: 'failed' })]],
  ])(
    'of an image that is %s and still launched is an error, without naming the instances of its version',
    (state, images) => {
      expect(drifts({ images })).toEqual([
        `error image-missing: image ami-2 of v2, which api-local launches, is ${state}: no instance can be launched | pipeline repair api`,
      ]);
    },
  );

  it('of a disabled image is an error, also while a run is active', () => {
    const images = [image('ami-2', { version: 'v2', state: 'disabled' })];
    const found = [
      'error image-disabled: image ami-2 of v2, which api-local launches, is disabled: no instance can be launched | pipeline repair api',
    ];
    expect(drifts({ images })).toEqual(found);
    expect(drifts({ images, busy: true, expected: ['v9'] })).toEqual(found);
  });

  it('of an image of another tool is a warning, whatever the tags of the instances', () => {
    const foreign = {
      template: template({ imageId: 'ami-9' }),
      images: [image('ami-9')],
      instances: [instance('i-1', 'ami-9', 'v2')],
    };
    const fix = 'go back to v2: pipeline fast-rollback api v2; or replace it by a release: pipeline release api';
    expect(drifts(foreign)).toEqual([
      `warning foreign-image: api-local launches image ami-9 (name-of-ami-9), which is not a release of api; by the ledger v2 serves | ${fix}`,
    ]);
    expect(drifts({ ...foreign, expected: [] })).toEqual([
      `warning foreign-image: api-local launches image ami-9 (name-of-ami-9), which is not a release of api; the last known-good release is v2, and no run in the ledger tells what serves | ${fix}`,
    ]);
    expect(drifts({ ...foreign, busy: true })).toEqual([]);
  });

  it('of a template version that was changed by hand is a warning, also for the instances that do not follow', () => {
    const moved = { template: template({ imageId: 'ami-1', release: 'v1', version: '2' }) };
    expect(drifts(moved)).toEqual([
      'warning other-version: api-local launches v1 (version 2 of lt-1), but by the ledger v2 serves | go back to v2: pipeline fast-rollback api v2',
      'warning template-default: api-local launches version 2 of lt-1, but its default version is 3 | aws ec2 modify-launch-template --launch-template-id lt-1 --default-version 2',
      'warning instance-image: 2 of 2 instances of api-local run v2 (i-1, i-2), but the group launches v1 | replace them: pipeline fast-rollback api v1 --method rolling',
    ]);
    expect(drifts({ ...moved, expected: [] }).join()).not.toContain('other-version');
  });

  it('of instances on an image that is not a release names a few of many', () => {
    const instances = ['i-1', 'i-2', 'i-3', 'i-4', 'i-5'].map((id) => instance(id, 'ami-9', 'v2'));
    expect(drifts({ instances, images: [image('ami-2', { version: 'v2' }), image('ami-9')] })).toEqual([
      'warning instance-image: 5 of 5 instances of api-local run image ami-9, which is not a release (i-1, i-2, i-3 and 2 more), but the group launches v2 | replace them: pipeline fast-rollback api v2 --method rolling',
    ]);
  });

  it('does not include an instance that an in-place rollback has switched', () => {
    const instances = [instance('i-1', 'ami-2', 'v1', { switched: true })];
    const images = [image('ami-1', { version: 'v1' }), image('ami-2', { version: 'v2' })];
    const back = { template: template({ imageId: 'ami-1', release: 'v1' }), expected: ['v1'], images, instances };
    expect(drifts(back)).toEqual([]);
  });

  it('of a tag that differs from the image, and of a host that serves another version, is a warning', () => {
    const end = (id: string) =>
      `replace it: aws autoscaling terminate-instance-in-auto-scaling-group --instance-id ${id} --no-should-decrement-desired-capacity`;
    const instances = [instance('i-1', 'ami-2', 'v1'), instance('i-2', 'ami-2', 'v2', { serves: 'v1' })];
    expect(drifts({ instances })).toEqual([
      `warning instance-version: i-1 of api-local is tagged v1, but its image is that of v2 | ${end('i-1')}`,
      `warning host-environment: i-2 of api-local serves v1, but it is tagged v2 | ${end('i-2')}`,
    ]);
  });

  it('does not include instances of an image that was baked again from one of them', () => {
    const made = [image('ami-3', { version: 'v2' })];
    const releases = [release('v2', 'ami-3')];
    expect(drifts({ template: template({ imageId: 'ami-3' }), images: made, releases })).toEqual([]);
  });
});

describe('the version that serves according to the ledger', () => {
  const run = (operation: string, outcome: string | undefined, version?: string, previous?: string): RunRecord => ({
    ...{ id: 'run', operation, app: 'api', environment: 'local', startedAt: '', by: 'ann', host: 'h', command: '' },
    ...{ steps: [], outcome, version, previous },
  });
  it.each<[string, RunRecord[], string[]]>([
    ['is that of the last release', [run('release', 'done', 'v2', 'v1'), run('release', 'done', 'v1')], ['v2']],
    [
      'is not that of one that failed or was rolled back',
      [run('release', 'rolled-back', 'v3'), run('release', 'failed', 'v2'), run('release', 'done', 'v1')],
      ['v1'],
    ],
    ['is not changed by other operations', [run('scale', 'done'), run('fast-rollback', 'done', 'v1', 'v2')], ['v1']],
    [
      'is one of two after a run that stopped in between',
      [run('release', 'interrupted', 'v3', 'v2'), run('release', 'done', 'v2')],
      ['v3', 'v2'],
    ],
    ['is not known while no run tells', [run('release', undefined, 'v1')], []],
    [
      'is not known where the last one that tells was not read',
      [run('release', 'manual-intervention', 'v3', 'v2')],
      [],
    ],
  ])('%s', (_, runs, versions) => expect(expectedVersions(runs, versionChangers(operations))).toEqual(versions));
});
