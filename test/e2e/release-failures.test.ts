import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readGroup, setCapacity } from '../../src/aws/groups.ts';
import { tells } from './support/events.ts';
import { expectWhole, type Status } from './support/fleet.ts';
import { goldenWorld } from './support/golden.ts';
import { Load, type World } from './support/world.ts';

type Images = { version: string; imageId: string }[];

const author = {
  GIT_AUTHOR_NAME: 'Demo',
  GIT_AUTHOR_EMAIL: 'demo@example.invalid',
  GIT_COMMITTER_NAME: 'Demo',
  GIT_COMMITTER_EMAIL: 'demo@example.invalid',
};

let world: World;
let url: string;
let autoScaling: AutoScalingClient;

beforeAll(async () => {
  world = await goldenWorld();
  url = world.url('api');
  const { endpoint, region, accessKeyId, secretAccessKey } = await world.up();
  autoScaling = new AutoScalingClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
});
afterAll(async () => {
  autoScaling?.destroy();
  await world?.close();
});

describe('a failed release leaves the fleet as it was', () => {
  /** Commits a broken file, releases, mends the file; resolves with how the release ended. */
  async function releaseBroken(file: string, from: string, to: string) {
    await world.edit(file, from, to);
    await world.project.commit(`Break ${file}`);
    const ended = await world.pipeline('release', 'api');
    await world.edit(file, to, from);
    await world.project.commit(`Mend ${file}`);
    return ended;
  }

  it('when Ansible fails: its task and message are shown, without other output, exit 3', async () => {
    const { exitCode, stderr } = await releaseBroken(
      'examples/api/package.json',
      '"find-my-way": "',
      '"find-my-way": "99.',
    );
    expect(stderr).toMatch(/Ansible failed on i-\w+ \([\d.]+\) in task "[^"]*[Ii]nstall[^"]*"/);
    expect(stderr).toContain('No matching version found for find-my-way');
    expect(exitCode).toBe(3);
    expect(stderr.split('\n').length).toBeLessThan(80);
    await expectWhole(world, 'v1');
  });

  it('when an app crashes at its start: its own last output is shown, exit 3', async () => {
    const { exitCode, stderr } = await releaseBroken('examples/api/server.js', "'./src/api.js'", "'./src/gone.js'");
    expect(stderr).toContain('gone.js');
    expect(exitCode).toBe(3);
    await expectWhole(world, 'v1');
  });

  it('when an app never becomes healthy: nothing is baked, exit 3', async () => {
    const before = await world.json<Images>('images', 'api');
    const { exitCode, stderr } = await releaseBroken('examples/api/config.json', '"healthy": true', '"healthy": false');
    expect(exitCode, stderr).toBe(3);
    expect(stderr).toContain('503');
    expect(await world.json<Images>('images', 'api')).toEqual(before);
    await expectWhole(world, 'v1');
  });

  it('when a validation instance fails: the fleet is untouched, the image deregistered, exit 3, under load', async () => {
    await world.configure(
      'pipelines/api.ts',
      `{ path: '/', status: 200 }`,
      `{ path: '/', status: 200, contains: 'never said' }`,
    );
    const before = await world.json<Images>('images', 'api');
    const load = new Load(url);
    await load.warm();
    const { exitCode, stderr } = await world.pipeline('release', 'api');
    const total = await load.stop();
    expect(exitCode, stderr).toBe(3);
    expect(stderr).toContain('never said');
    // The connection of the play outlives the clean-up, so the host is read back after it, too.
    expect(stderr).not.toContain('could not check whether');
    expect(total.failed, JSON.stringify(total.failures)).toBe(0);
    expect(await world.json<Images>('images', 'api')).toEqual(before);
    await world.configure('pipelines/api.ts', `, contains: 'never said'`, '');
    await expectWhole(world, 'v1');
  });

  it('when no host matches the playbook: it is refused, nothing is baked, exit 3, under load', async () => {
    const before = await world.json<Images>('images', 'api');
    await world.configure('ansible/api.yml', 'hosts: all', 'hosts: webservers');
    const load = new Load(url);
    await load.warm();
    const { exitCode, stdout, stderr } = await world.pipeline('release', 'api', '--json');
    const total = await load.stop();
    await world.configure('ansible/api.yml', 'hosts: webservers', 'hosts: all');
    expect(exitCode, stderr).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'rolled-back',
      error: { code: 'ansible.no-hosts', message: expect.stringContaining('no play matches the host') },
    });
    expect(total.failed, JSON.stringify(total.failures)).toBe(0);
    expect(await world.json<Images>('images', 'api')).toEqual(before);
    await expectWhole(world, 'v1');
  });

  it('when a playbook changes the host itself: nothing of that ever serves, under load', async () => {
    // A role that the pipeline does not know overwrites what serves, and has a handler restart the service.
    const role = path.join(world.project.dir, 'ansible/roles/site');
    await mkdir(path.join(role, 'tasks'), { recursive: true });
    await mkdir(path.join(role, 'handlers'));
    await writeFile(
      path.join(role, 'tasks/main.yml'),
      `- name: Write the settings of the site
  ansible.builtin.copy:
    content: '{"healthy": true, "headline": "not validated"}'
    dest: "/srv/{{ release_app }}/current/config.json"
    mode: '0644'
  when: release_action == 'stage'
  notify: Restart the site
`,
    );
    await writeFile(
      path.join(role, 'handlers/main.yml'),
      `- name: Restart the site
  ansible.builtin.command: sv -w 30 force-restart /etc/service/{{ release_app }}
  changed_when: true
`,
    );
    await world.edit('ansible/api.yml', '    - tkt-api', '    - site\n    - tkt-api');
    await world.edit(
      'pipelines/api.ts',
      `{ path: '/', status: 200 }`,
      `{ path: '/', status: 200, contains: 'never said' }`,
    );
    await execa('git', ['-C', world.project.dir, 'add', '--all']);
    await world.project.commit('Add a role of the site');
    const before = await world.json<Status>('status', 'api');
    const load = new Load(url);
    await load.warm();
    const headlines = new Set<unknown>();
    const reading = setInterval(async () => {
      const answer = await fetch(url).then((one) => one.json() as Promise<{ headline: unknown }>);
      headlines.add(answer.headline);
    }, 50);
    const { exitCode, stdout, stderr } = await world.pipeline('release', 'api', '--json');
    clearInterval(reading);
    const total = await load.stop();
    expect(exitCode, stderr).toBe(3);
    expect(stdout).toContain('never said');
    expect(stderr).toMatch(
      /plays of v\d+ have changed (i-\w+) itself \(stage: "site : Write the settings of the site" \(ansible.builtin.copy\) at \/srv\/api\/current\/config.json, and \d+ more\): it is terminated/,
    );
    expect(total.failed, JSON.stringify(total.failures)).toBe(0);
    expect(Object.keys(total.commits)).toEqual(['v1']);
    expect([...headlines]).toEqual(['Tickets for the summer festival']);
    await expectWhole(world, 'v1');
    // One host less of those from before, and it is not missed.
    const after = (await world.json<Status>('status', 'api')).instances.map((one) => one.id);
    expect(before.instances.filter((one) => !after.includes(one.id))).toHaveLength(1);
    await execa('git', ['-C', world.project.dir, 'revert', '--no-edit', 'HEAD'], { env: author });
  });

  it('when a second release is started: it is refused with exit 5 and the name of the first', async () => {
    const first = world.start('release', 'api', '--events', path.join(world.dir, 'first.ndjson'));
    await expect
      .poll(async () => (await world.json<Status>('status', 'api')).lock?.owner, { timeout: 120_000, interval: 200 })
      .toBe('tester');
    const second = await world.pipeline('release', 'api');
    expect(second.exitCode).toBe(5);
    expect(second.stderr).toMatch(/locked by tester@\S+ since \d\d:\d\d:\d\d/);
    first.kill('SIGINT');
    const ended = await first;
    expect(ended.exitCode, ended.stderr).toBe(130);
    await expectWhole(world, 'v1');
  });

  it('when the terminal is closed during the bake: all is undone without it, under load', async () => {
    const before = await world.json<Images>('images', 'api');
    const load = new Load(url);
    await load.warm();
    const events = path.join(world.dir, 'closed.ndjson');
    const terminal = world.onTerminal('release', 'api', '--events', events);
    await tells(events, (event) => event.code === 'change.intent' && event.action === 'activate-environment');
    terminal.close();
    const { exitCode, shown } = await terminal.ended;
    const total = await load.stop();
    expect(exitCode, shown).toBe(129);
    expect(shown).toContain('Bake the golden image');
    expect(total.failed, JSON.stringify(total.failures)).toBe(0);
    await tells(events, (event) => event.code === 'undo.finished' && event.step === 'detach');
    const [last] = await world.json<{ outcome: string }[]>('history', 'api');
    expect(last?.outcome).toBe('interrupted');
    expect(await world.json<Images>('images', 'api')).toEqual(before);
    expect((await readGroup(autoScaling, 'api-local')).suspended).toEqual([]);
    await expectWhole(world, 'v1');
  });

  it('when the group is filled while its host is in Standby: the host is terminated, and the release completes, under load', async () => {
    const before = await readGroup(autoScaling, 'api-local');
    const load = new Load(url);
    await load.warm();
    const events = path.join(world.dir, 'filled.ndjson');
    const release = world.start('release', 'api', '--json', '--events', events);
    await tells(events, (event) => event.code === 'change.intent' && event.action === 'activate-environment');
    await setCapacity(autoScaling, 'api-local', { min: 4, max: 4, desired: 4 });
    const { exitCode, stdout, stderr } = await release;
    const total = await load.stop();
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toMatch(/i-\w+ has no place in api-local any more/);
    expect(total.failed, JSON.stringify(total.failures)).toBe(0);
    const { min, max, desired, suspended } = await readGroup(autoScaling, 'api-local');
    expect({ min, max, desired, suspended }).toEqual({ min: 4, max: 4, desired: 4, suspended: [] });
    await expectWhole(world, (JSON.parse(stdout) as { version: string }).version);
    await setCapacity(autoScaling, 'api-local', { min: before.min, max: before.max });
  });
});

describe('invalid input changes nothing', () => {
  const hostile = ['; rm -rf /', '../api', 'api\nb', '--upload-pack=touch x', 'API'];
  it.each(hostile)('app %j', async (app) => {
    const { exitCode, stderr } = await world.pipeline('release', '--', app);
    expect(exitCode).toBe(2);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it.each([['-x'], ['--upload-pack=touch x'], ['a..b'], ['a b'], ['$(id)'], ['a\nb'], ['no-such-branch']])(
    'ref %j',
    async (ref) => {
      const { exitCode, stderr } = await world.pipeline('release', 'api', `--ref=${ref}`);
      expect(exitCode).toBe(2);
      expect(stderr).not.toMatch(/\n\s+at /);
    },
  );

  it.each([['v0'], ['41'], ['v1;id'], ['v99']])('version %j', async (version) => {
    const { exitCode, stderr } = await world.pipeline('fast-rollback', 'api', version);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(version);
  });

  it('a dirty work tree is named, unless the commit is given', async () => {
    await world.edit('examples/api/config.json', '"healthy": true', '"healthy": true ');
    const { exitCode, stderr } = await world.pipeline('release', 'api', '--dry-run');
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('examples/api/config.json') });
    const planned = await world.pipeline('release', 'api', '--again', '--dry-run', '--ref', 'HEAD');
    expect(planned.exitCode, planned.stderr).toBe(0);
    // Its hosts have the Node that its roles want, so the environment is built while they serve.
    expect(planned.stdout).toMatch(/ 2\. stage .* 3\. detach /s);
    await world.edit('examples/api/config.json', '"healthy": true ', '"healthy": true');
  });

  it('a missing repository', async () => {
    await world.configure('pipelines/api.ts', `repository: '.'`, `repository: 'gone'`);
    const { exitCode, stderr } = await world.pipeline('release', 'api');
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('gone') });
    await world.configure('pipelines/api.ts', `repository: 'gone'`, `repository: '.'`);
  });

  it('unknown app and environment, with a suggestion', async () => {
    expect(await world.pipeline('release', 'apo')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('api'),
    });
    expect(await world.pipeline('release', 'api', '--env', 'prod')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('prod'),
    });
  });

  it('a configuration with five mistakes: all five at once', async () => {
    const file = path.join(world.project.dir, 'pipelines/broken.ts');
    await writeFile(
      file,
      `import { definePipeline } from 'golden-pipeline';
export default definePipeline({
  app: 'broken',
  source: { repository: 7 },
  service: { port: 99999, healthPath: 'health' },
  capacity: { min: 5, max: 2 },
  color: 'blue',
  environments: { local: { cloud: 'local', region: 'eu-west-1' } },
} as never);
`,
    );
    const { exitCode, stderr } = await world.pipeline('config', 'check', 'broken');
    expect(exitCode).toBe(2);
    for (const mistake of ['source.repository', 'service.port', 'service.healthPath', 'capacity', 'color'])
      expect(stderr).toContain(mistake);
    await writeFile(file, 'throw new Error("no luck");\n');
    const thrown = await world.pipeline('config', 'check', 'broken');
    expect(thrown).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no luck') });
  });
});
