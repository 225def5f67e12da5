import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeTargetGroupsCommand,
  ModifyTargetGroupAttributesCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { runCli } from '../../src/cli/main.ts';
import { loadFleet } from '../../src/config/load.ts';
import { readStatus } from '../../src/status/read.ts';
import { fakeContext } from '../cli/support/fake-context.ts';
import { Simulated } from '../support/simulated.ts';

let there: Simulated;
let folder = '';
beforeAll(async () => {
  there = await Simulated.create([], { switching: true, wire: true });
  const { endpoint, credentials } = there.services.aws.ec2.config;
  const url = await (endpoint as () => Promise<{ protocol: string; hostname: string; port?: number }>)();
  const { accessKeyId, secretAccessKey } = await credentials();
  vi.stubEnv('AWS_ENDPOINT_URL', `${url.protocol}//${url.hostname}:${url.port}`);
  vi.stubEnv('AWS_ACCESS_KEY_ID', accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await there.close();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gp-init-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function pipeline(...argv: string[]) {
  const context = fakeContext(argv, { cwd: folder, env: { AWS_ENDPOINT_URL: process.env.AWS_ENDPOINT_URL } });
  return { code: await runCli(context), out: context.stdout.text, err: context.stderr.text };
}

const fromGroup = ['--from-group', 'api-local', '--region', 'eu-west-1', '--env', 'production'];

test('init writes a file for a running fleet that config check accepts and that means the same fleet', async () => {
  const made = await pipeline('init', 'shop', ...fromGroup);
  expect(made).toMatchObject({ code: 0, err: '' });
  expect(made.out).toContain('written  pipelines/shop.ts\n');
  expect(await pipeline('config', 'check', 'shop')).toMatchObject({ code: 0, out: 'ok  shop: production\n' });
  const { names, service, balancer, capacity, instance } = there.services.fleet;
  const fleet = await loadFleet({ projectDir: folder, app: 'shop' });
  expect(fleet).toMatchObject({
    cloud: 'aws',
    region: 'eu-west-1',
    service: { port: service.port, healthPath: service.healthPath },
    balancer: {
      listenerPort: balancer.listenerPort,
      healthCheck: balancer.healthCheck,
      deregistrationDelaySeconds: balancer.deregistrationDelaySeconds,
      validationHeader: balancer.validationHeader,
    },
    capacity: { max: capacity.max },
    instance: { type: instance.type, keyName: instance.keyName },
    names: {
      group: names.group,
      launchTemplate: names.launchTemplate,
      targetGroup: names.targetGroup,
      validationTargetGroup: names.validationTargetGroup,
      loadBalancer: names.loadBalancer,
    },
  });
  const { app: _app, environment: _environment, ...same } = await readStatus(there.services);
  expect(await readStatus({ ...there.services, fleet })).toMatchObject(same);
});

test('init refuses a fleet that another file of the project has, and writes nothing', async () => {
  expect(await pipeline('init', 'shop', ...fromGroup)).toMatchObject({ code: 0 });
  const again = await pipeline('init', 'store', ...fromGroup);
  expect(again).toMatchObject({ code: 2, out: '' });
  expect(again.err).toContain(
    'pipelines/shop.ts in environment production and pipelines/store.ts in environment production',
  );
  expect(existsSync(join(folder, 'pipelines/store.ts'))).toBe(false);
});

test('init allows for the long drain time of a running fleet', async () => {
  const { elb } = there.services.aws;
  const delay = (Value: number | undefined) =>
    elb.send(
      new ModifyTargetGroupAttributesCommand({
        TargetGroupArn: targetGroupArn,
        Attributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: `${Value}` }],
      }),
    );
  const { TargetGroups } = await elb.send(
    new DescribeTargetGroupsCommand({ Names: [there.services.fleet.names.targetGroup] }),
  );
  const targetGroupArn = TargetGroups?.[0]?.TargetGroupArn;
  await delay(900);
  try {
    expect(await pipeline('init', 'shop', ...fromGroup)).toMatchObject({ code: 0, err: '' });
    expect(await pipeline('config', 'check', 'shop')).toMatchObject({ code: 0 });
    const { balancer, release } = await loadFleet({ projectDir: folder, app: 'shop' });
    expect(balancer.deregistrationDelaySeconds).toBe(900);
    expect(release.timeouts.drain).toBe(1200);
  } finally {
    await delay(there.services.fleet.balancer.deregistrationDelaySeconds);
  }
});

test('init overwrites the file only with --force, and role and playbook never', async () => {
  expect((await pipeline('init', 'shop', ...fromGroup)).code).toBe(0);
  for (const file of ['pipelines/shop.ts', 'ansible/shop.yml']) writeFileSync(join(folder, file), '// mine\n');
  const again = await pipeline('init', 'shop', ...fromGroup);
  expect(again).toEqual({
    code: 2,
    out: '',
    err: 'error: pipelines/shop.ts is there already\nfix: to overwrite it: --force\n',
  });
  expect(readFileSync(join(folder, 'pipelines/shop.ts'), 'utf8')).toBe('// mine\n');
  expect((await pipeline('init', 'shop', ...fromGroup, '--force')).out).toContain('kept     ansible/shop.yml\n');
  expect(readFileSync(join(folder, 'pipelines/shop.ts'), 'utf8')).toContain('definePipeline');
  expect(readFileSync(join(folder, 'ansible/shop.yml'), 'utf8')).toBe('// mine\n');
  expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('.pipeline/\n.env\n');
});

test('init works from options alone, with a role that calls the release role', async () => {
  writeFileSync(join(folder, '.gitignore'), 'dist/');
  const made = await pipeline(
    'init',
    'big-worker',
    '--env',
    'staging',
    '--region',
    'eu-central-1',
    '--port',
    '4000',
    '--technology',
    'python',
    '--json',
  );
  expect(made).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse(made.out)).toMatchObject({
    app: 'big-worker',
    environment: 'staging',
    files: [{ path: 'pipelines/big-worker.ts', written: true }, {}, {}, {}, {}],
  });
  expect((await pipeline('config', 'check')).out).toBe('ok  big-worker: staging\n');
  expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('dist/\n.pipeline/\n.env\n');
  expect(readFileSync(join(folder, 'ansible/big-worker.yml'), 'utf8')).toContain('    - python\n    - big-worker\n');
  expect(readFileSync(join(folder, 'ansible/roles/big-worker/meta/main.yml'), 'utf8')).toMatch(
    /role: release[\s\S]*big_worker_command/,
  );
  expect(readFileSync(join(folder, 'ansible/roles/big-worker/defaults/main.yml'), 'utf8')).toContain(
    "big_worker_install: [sh, -c, 'python3 -m venv .venv && ",
  );
});

test('init creates an app of the local cloud from nothing', async () => {
  expect(await pipeline('init', 'shop', '--env', 'local', '--port', '3000')).toMatchObject({ code: 0, err: '' });
  expect(await loadFleet({ projectDir: folder, app: 'shop' })).toMatchObject({
    cloud: 'local',
    names: { group: 'shop-local' },
  });
});

test.each([
  [
    ['shop', '--from-group', 'api-lcal', '--region', 'eu-west-1'],
    'there is no Auto Scaling group "api-lcal"\nfix: did you mean "api-local"?',
  ],
  [['shop', '--from-group', 'a:b', '--region', 'eu-west-1'], '"a:b" is not a name of an Auto Scaling group'],
  [['shop', '--from-group', 'a\n// b', '--region', 'eu-west-1'], 'is not a name of an Auto Scaling group'],
  [['shop', ...fromGroup, '--target-group', 'other'], 'has no target group "other"'],
  [['shop', ...fromGroup, '--listener-port', '81'], 'no listener on port 81 forwards to target group api-local'],
  [['../shop', ...fromGroup], '"../shop" is not a name of an app'],
  [['release', ...fromGroup], 'call the app something else'],
  [['shop', '--from-group', 'api-local', '--region', 'evil.example/'], '--region "evil.example/": expected a region'],
  [['shop', '--from-group', 'api-local', '--region', 'eu-west-1', '--env', '../x'], 'is not a name of an environment'],
  [['shop', '--port', '3000'], 'answer it with --region'],
  [['shop', '--region', 'eu-west-1'], 'answer it with --port'],
  [['shop', '--region', 'eu-west-1', '--port', '70000'], '--port "70000": expected a whole number from 1 to 65535'],
  [['shop', '--region', 'eu-west-1', '--port', '3000', '--source', '../..'], '--source "../..": expected a folder'],
  [
    ['shop', '--region', 'eu-west-1', '--port', '3000', '--min', '9', '--max', '3'],
    'capacity.min: 9, expected no more than capacity.max',
  ],
  [['shop', '--region', 'eu-west-1', '--port', '3000', '--ssh-user', "x'); evil("], 'ssh.user'],
])('init refuses %j, and writes nothing', async (words, message) => {
  const refused = await pipeline('init', ...words);
  expect(refused.code).toBe(2);
  expect(refused.err).toContain(message);
  expect(readdirSync(folder)).toEqual([]);
});

test('init quotes values, whatever they contain', async () => {
  const path = "/health'+process.exit(3)+'\\";
  const made = await pipeline('init', 'shop', '--region', 'eu-west-1', '--port', '3000', '--health-path', path);
  expect(made.code).toBe(0);
  expect((await loadFleet({ projectDir: folder, app: 'shop' })).service.healthPath).toBe(path);
  expect(existsSync(join(folder, 'ansible/roles/shop/meta/main.yml'))).toBe(true);
});
