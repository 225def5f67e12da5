import type { Answers } from './answers.ts';

/** What the entry of an environment depends on. */
export type EnvironmentAnswers = Pick<Answers, 'environment' | 'cloud' | 'region' | 'sshUser'> &
  Partial<Pick<Answers, 'running'>>;

/** The entry of an environment in `pipelines/<app>.ts`, indented by four spaces. */
export function environmentLines(answers: EnvironmentAnswers): string[] {
  return answers.cloud === 'local' ? localLines(answers) : awsLines(answers);
}

function awsLines({ environment, region, sshUser }: EnvironmentAnswers): string[] {
  return [
    `    ${key(environment)}: {`,
    "      cloud: 'aws',",
    `      region: ${quoted(region)},`,
    '      // Hosts are reached by SSH; their keys are pinned from the console output.',
    `      ssh: { user: ${quoted(sshUser)}, privateKey: '~/.ssh/id_ed25519' },`,
    '      // Whoever releases must use the same ledger. This folder is for one computer only; for a team give a bucket:',
    "      // ledger: { type: 's3', bucket: '...' },",
    "      ledger: { path: '.pipeline/ledger' },",
    '    },',
  ];
}

/** Quick checks and a short baseline; the window still sees an app that exits 20 s after its start. */
function localLines({ environment, region, running }: EnvironmentAnswers): string[] {
  return [
    '    // The cloud that `pipeline local up` starts on this computer.',
    `    ${key(environment)}: {`,
    "      cloud: 'local',",
    `      region: ${quoted(region)},`,
    "      ssh: { user: userInfo().username, port: 2222, privateKey: '.pipeline/local-key/id_ed25519', become: false },",
    ...(running ? [] : ["      instance: { keyName: 'golden-pipeline' },"]),
    '      balancer: {',
    '        healthCheck: { intervalSeconds: 1, timeoutSeconds: 1, healthyThreshold: 2, unhealthyThreshold: 2 },',
    '        deregistrationDelaySeconds: 5,',
    '      },',
    '      release: {',
    '        minimumAgeHours: 0,',
    '        retireGraceHours: 0,',
    '        // Long enough to see an app that exits 20 seconds after its start.',
    '        verifySeconds: 30,',
    '        pollSeconds: 0.25,',
    '        // The whole fleet is on this computer, so a release itself makes answers slower.',
    '        watch: { perSecond: 20, baselineSeconds: 4, burstSeconds: 1, latencyFloorMs: 250 },',
    '      },',
    '    },',
  ];
}

/** A value as a literal of the same type and content. */
export function quoted(value: string): string {
  const inner = JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${inner}'`;
}

const key = (name: string): string => (/^[a-z]\w*$/.test(name) ? name : quoted(name));
