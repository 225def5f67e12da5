import { PipelineError } from '@golden-pipeline/shared/errors';
import { describe, expect, it } from 'vitest';
import { validate } from '../../src/config/validate.ts';
import { minimal } from './support/project.ts';

function mistakes(raw: unknown): string[] {
  try {
    validate(raw, { app: 'api', file: 'pipelines/api.ts', projectDir: '/project' });
    return [];
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    expect(error).toMatchObject({ code: 'config.invalid', outcome: 'usage' });
    return error.details;
  }
}

describe('validate', () => {
  it('reports five mistakes of every kind at once, each with path, wrong value and expectation', () => {
    const raw = minimal({
      service: { port: 'three', healtPath: '/up' },
      capacity: { min: 9, max: 3 },
      environments: {
        local: { cloud: 'locl' },
        production: { inherits: 'stagin', cloud: 'aws' },
        staging: { cloud: 'aws' },
      },
    });
    expect(mistakes(raw)).toEqual([
      'service.port: "three", expected a whole number from 1 to 65535',
      'service.healtPath: unknown key, did you mean healthPath?',
      "environments.local.cloud: \"locl\", expected 'aws' or 'local'",
      'capacity.min: 9, expected no more than capacity.max, which is 3',
      'environments.production.inherits: "stagin", expected one of the environments (local, production, staging); did you mean staging?',
      "environments.staging.region: missing, expected a region such as 'eu-west-1'",
    ]);
  });

  it('shows the first 20 of very many mistakes and counts the others', () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`key${index}`, 1]));
    const found = mistakes({ ...minimal(), ...many });
    expect(found).toHaveLength(21);
    expect(found[0]).toMatch(/^key0: unknown key, known here: app, /);
    expect(found[20]).toBe('and 4980 more');
  });

  it('counts the mistakes', () => {
    expect(() => validate({}, { app: 'api', file: 'pipelines/api.ts', projectDir: '/' })).toThrow(
      'pipelines/api.ts has 5 mistakes',
    );
    expect(mistakes({})).toEqual([
      'app: missing, expected a lower-case letter, then up to 20 lower-case letters, digits and hyphens',
      'source: missing, expected a group of settings in { }',
      'ansible: missing, expected a group of settings in { }',
      'service: missing, expected a group of settings in { }',
      'environments: missing, expected environments by name in { }',
    ]);
    expect(mistakes('text')).toEqual(['(file): "text", expected a group of settings in { }']);
    expect(mistakes(minimal({ environments: {} }))).toEqual(['environments: {}, expected at least one environment']);
  });

  it('requires a smoke test that shows the release for a plain playbook', () => {
    const plain = { ansible: { playbook: 'site.yml', kind: 'plain' } };
    const expected =
      "release.smokeTests: [], expected a test whose answer shows the release, such as { path: '/version', contains: '{version}' }, as ansible.kind is 'plain'";
    expect(mistakes(minimal(plain))).toEqual([expected]);
    const smokeTests = [{ path: '/', contains: 'Shop' }];
    expect(mistakes(minimal({ ...plain, release: { smokeTests } }))).toHaveLength(1);
    for (const contains of ['{version}', 'commit {commit}']) {
      expect(mistakes(minimal({ ...plain, release: { smokeTests: [{ path: '/version', contains }] } }))).toEqual([]);
    }
    const environments = { local: { cloud: 'local', ansible: { kind: 'plain' } } };
    expect(mistakes(minimal({ environments }))).toEqual([expected]);
  });

  it.each(['all', 'ungrouped', 'localhost', 'i-0abc', '-x', 'web servers', 'web:!db', '{{ x }}', ''])(
    'refuses %j as an inventory group',
    (group) => {
      const [mistake, ...more] = mistakes(minimal({ ansible: { playbook: 'site.yml', groups: [group] } }));
      expect(mistake).toMatch(/^ansible\.groups(\.0|\[0\]): .*, expected the name of an inventory group/);
      expect(more).toEqual([]);
    },
  );

  it('accepts groups, requirements and a vault password file, with absolute paths', () => {
    const ansible = {
      playbook: 'site.yml',
      groups: ['webservers', 'web-2', '_x'],
      requirements: 'ansible/requirements.yml',
      vaultPasswordFile: '.vault',
    };
    const { fleet } = validate(minimal({ ansible }), { app: 'api', file: 'pipelines/api.ts', projectDir: '/project' });
    expect(fleet('local').ansible).toEqual({
      kind: 'release',
      playbook: '/project/site.yml',
      groups: ['webservers', 'web-2', '_x'],
      requirements: '/project/ansible/requirements.yml',
      vaultPasswordFile: '/project/.vault',
      variables: {},
      files: [],
    });
    expect(mistakes(minimal({ ansible: { playbook: 'site.yml', requirements: 'roles.txt' } }))).toEqual([
      'ansible.requirements: "roles.txt", expected a file such as \'ansible/requirements.yml\'',
    ]);
  });

  it('requires a bucket for a ledger on S3', () => {
    expect(mistakes(minimal({ ledger: { type: 's3' } }))).toEqual([
      "ledger.bucket: missing, expected the name of a bucket, as ledger.type is 's3'",
    ]);
    expect(mistakes(minimal({ ledger: { type: 's3', bucket: 'My_Bucket' } }))).toEqual([
      'ledger.bucket: "My_Bucket", expected the name of a bucket: 3 to 63 small letters, digits, . and -',
    ]);
    expect(mistakes(minimal({ ledger: { type: 's3', bucket: 'team-ledger', prefix: '../x' } }))).toHaveLength(1);
    expect(mistakes(minimal({ ledger: { type: 's3', bucket: 'team-ledger' } }))).toEqual([]);
  });

  it('requires a user and host keys for a jump host, and only one connection method', () => {
    const hostKeys = [`bastion ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(43)} root@bastion`];
    const jump = (proxyJump: object, more: object = {}) => mistakes(minimal({ ssh: { proxyJump, ...more } }));
    for (const to of ['ops@bastion', 'ops@bastion.example.org:2222', 'ops@10.0.0.1', 'ops@[2001:db8::1]:22']) {
      expect(jump({ to, hostKeys })).toEqual([]);
    }
    for (const to of [
      'bastion',
      '-oProxyCommand=x@y',
      'ops@-bastion',
      'ops@bastion:x',
      'ops@a b',
      'ops@a,ops@b',
      'a@b;c',
    ]) {
      expect(jump({ to, hostKeys })).toEqual([
        `ssh.proxyJump.to: ${JSON.stringify(to)}, expected user@host or user@host:port, such as 'ops@bastion.example.org:22'`,
      ]);
    }
    expect(jump({ to: 'ops@bastion' })).toEqual([
      'ssh.proxyJump.hostKeys: missing, expected a list of known_hosts lines',
    ]);
    expect(jump({ to: 'ops@bastion', hostKeys: [] })).toHaveLength(1);
    expect(jump({ to: 'ops@bastion', hostKeys: ['bastion'] })).toHaveLength(1);
    expect(jump({ to: 'ops@bastion', hostKeys: [`@cert-authority ${hostKeys[0]}`] })).toHaveLength(1);
    expect(jump({ to: 'ops@bastion', hostKeys }, { via: 'ssm' })).toEqual([
      expect.stringContaining(`ssh.via: "ssm", expected 'direct', as ssh.proxyJump is set`),
    ]);
  });

  it('refuses unknown keys at every depth, in lists and overrides', () => {
    const raw = minimal({
      extra: 1,
      release: { smokeTests: [{ path: '/', code: 200 }], timeouts: { helth: 3 } },
      environments: { local: { cloud: 'local', ssh: { usr: 'x' } } },
    });
    expect(mistakes(raw).sort()).toEqual([
      'environments.local.ssh.usr: unknown key, did you mean user?',
      expect.stringMatching(/^extra: unknown key, known here: app, source/),
      'release.smokeTests[0].code: unknown key, known here: path, status, contains',
      'release.timeouts.helth: unknown key, did you mean health?',
    ]);
  });

  it('names the environment that sets a wrong value, and reports a shared mistake once', () => {
    const environments = {
      staging: { cloud: 'aws', region: 'eu-west-1', ledger: { path: 'ledger' } },
      production: { inherits: 'staging', capacity: { min: 20 } },
    };
    expect(mistakes(minimal({ environments, service: { port: 80, stagingPort: 80 } }))).toEqual([
      'service.stagingPort: 80, expected another port than service.port (80)',
      'environments.production.capacity.min: 20, expected no more than capacity.max, which is 10',
    ]);
  });

  it('refuses what AWS would refuse', () => {
    expect(
      mistakes(minimal({ release: { refresh: { minHealthyPercentage: 50, maxHealthyPercentage: 200 } } })),
    ).toEqual([
      'release.refresh.minHealthyPercentage: 50, expected 100 or more, as AWS allows at most 100 between it and maxHealthyPercentage (200)',
    ]);
    const long = 'production-europe-1';
    expect(mistakes(minimal({ environments: { [`${long}-x`]: { cloud: 'local' } }, app: 'api' }))).toEqual([]);
    const [first, ...rest] = mistakes({
      ...minimal({ environments: { [`${long}xx`]: { cloud: 'local' } } }),
      names: { targetGroup: 'internal-x' },
    });
    expect(first).toContain('names.targetGroup: "internal-x", expected up to 32 letters');
    expect(rest).toEqual([]);
  });

  it('requires a name where the generated one is too long', () => {
    const app = 'a-very-long-app-name';
    const raw = { ...minimal({ environments: { production: { cloud: 'local' } } }), app };
    const check = () => validate(raw, { app, file: 'f', projectDir: '/' });
    expect(check).toThrow(
      expect.objectContaining({
        details: [
          expect.stringMatching(/^names.validationTargetGroup: "a-very-long-app-name-production-check".*set it here$/),
        ],
      }),
    );
    expect(() =>
      validate({ ...raw, names: { validationTargetGroup: 'short-check' } }, { app, file: 'f', projectDir: '/' }),
    ).not.toThrow();
  });

  it('requires weights that grow to 100, and old instances that are kept longer than the verify window', () => {
    const release = (settings: object) => mistakes(minimal({ release: { strategy: 'blue-green', ...settings } }));
    expect(release({ weights: [5, 25, 100], verifySeconds: 60, rollbackWindow: 61 })).toEqual([]);
    for (const weights of [[], [5, 50], [50, 25, 100], [50, 50, 100]]) {
      expect(release({ weights })).toEqual([
        `release.weights: ${JSON.stringify(weights)}, expected growing percentages of which the last is 100`,
      ]);
    }
    expect(release({ weights: [0, 100] })[0]).toContain('from 1 to 100');
    expect(release({ verifySeconds: 60, rollbackWindow: 60 })).toEqual([
      'release.rollbackWindow: 60, expected more than release.verifySeconds, which is 60',
    ]);
    expect(mistakes(minimal({ release: { verifySeconds: 60, rollbackWindow: 60 } }))).toEqual([]);
  });

  it("requires a drain time longer than the load balancer's", () => {
    const drain = (deregistrationDelaySeconds: number, drain?: number) =>
      mistakes(minimal({ balancer: { deregistrationDelaySeconds }, release: { timeouts: { drain } } }));
    expect(drain(599)).toEqual([]);
    expect(drain(3_600, 3_601)).toEqual([]);
    expect(drain(600)).toEqual([
      'release.timeouts.drain: 600, expected more than balancer.deregistrationDelaySeconds, which is 600',
    ]);
  });

  it('requires the names of the second group only for blue/green', () => {
    const app = 'a-very-long-app-name';
    const raw = {
      ...minimal({ environments: { production: { cloud: 'local' } }, names: { validationTargetGroup: 'short-check' } }),
      app,
      release: { strategy: 'blue-green' },
    };
    expect(() => validate(raw, { app, file: 'f', projectDir: '/' })).toThrow(
      expect.objectContaining({ details: [expect.stringMatching(/^names.greenTargetGroup: .*set it here$/)] }),
    );
  });

  it('reports circular inheritance once', () => {
    const environments = {
      a: { inherits: 'b', cloud: 'local' },
      b: { inherits: 'c' },
      c: { inherits: 'a' },
      d: { inherits: 'a' },
    };
    expect(mistakes(minimal({ environments }))).toEqual([
      'environments.a.inherits: "b", expected no circular inheritance, found a -> b -> c -> a',
    ]);
    expect(mistakes(minimal({ environments: { a: { inherits: 'a', cloud: 'local' } } }))).toEqual([
      'environments.a.inherits: "a", expected no circular inheritance, found a -> a',
    ]);
  });

  it('refuses bad environment names and never changes prototypes', () => {
    expect(mistakes(minimal({ environments: { 'Prod uction': { cloud: 'local' } } }))[0]).toContain(
      'the name does not fit',
    );
    const raw = JSON.parse('{"environments":{"local":{"cloud":"local","__proto__":{"polluted":1}}}}');
    mistakes(minimal(raw));
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('hides values of secrets', () => {
    const raw = minimal({ ansible: { playbook: 'x.yml', variables: 3 } });
    expect(mistakes(raw)).toEqual(['ansible.variables: 3, expected names with values in { }']);
    expect(mistakes(minimal({ ansible: { playbook: 'p', password: 'hunter22' } })).join()).not.toContain('hunter22');
  });
});

describe('release.clean', () => {
  it('refuses a wrong path, with what is expected', () => {
    const clean = { paths: ['/etc', '/var/lib/acme/id'], madeAtBoot: ['acme'], shared: ['../x'], keep: 'all' };
    expect(mistakes(minimal({ release: { clean } }))).toEqual([
      'release.clean.paths[0]: "/etc", expected something inside of that folder, as it is not identity of one host',
      'release.clean.madeAtBoot[0]: "acme", expected an absolute path',
      'release.clean.shared[0]: "../x", expected a name in the shared folder, without / at its ends, . or ..',
      `release.clean.keep: "all", expected a list of names, such as ['tailscale', 'tmp']`,
    ]);
  });

  it('is the only place for the variables of the release role', () => {
    const variables = { release_clean: ['/etc/acme/id'] };
    expect(mistakes(minimal({ ansible: { playbook: 'ansible/api.yml', variables } }))).toEqual([
      'ansible.variables.release_clean: ["/etc/acme/id"], expected that in release.clean.paths instead',
    ]);
  });
});
