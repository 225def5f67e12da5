// Who may import whom: a folder imports those after it in this list only. Every file may import types of its own folder, no file in a
// circle. The map is in docs/architecture.md.
const floors = [
  'cli',
  'project',
  'provision',
  'composition',
  'runner',
  'logs',
  'access',
  'doctor',
  'status',
  'ledger-rebuild',
  'base-image',
  'secrets',
  'restart',
  'scale',
  'rollback',
  'repair',
  'release',
  'tasks',
  'retention',
  'plays',
  'analysis',
  'notify',
  'changes',
  'fleet',
  'hosts',
  'aws',
  'ledger',
  'engine',
  'config',
  'shared',
];

const onlyDownwards = floors.map((name, index) => ({
  name: `${name}-imports-only-below`,
  severity: 'error',
  from: { path: `^src/${name}/` },
  to: { path: '^src/', pathNot: `^src/(${floors.slice(index).join('|')})/` },
}));

// Neighbors that know nothing of each other.
const apart = [
  ['hosts', 'aws|ledger'],
  ['aws', 'ledger'],
  ['doctor', 'status|ledger-rebuild'],
  ['status', 'ledger-rebuild|base-image|secrets|scale|rollback|repair|release'],
  ['base-image', 'secrets|scale|rollback|repair|release|tasks|retention'],
  ['secrets', 'restart|scale|rollback|repair|tasks'],
  ['restart', 'scale|rollback|repair|release|tasks|retention'],
  ['scale', 'rollback|repair|tasks'],
  ['release', 'tasks/(?!read-inputs|types)'],
  ['plays', 'analysis'],
  ['tasks', 'retention|plays'],
].map(([name, others]) => ({
  name: `${name}-stands-alone`,
  severity: 'error',
  from: { path: `^src/${name}/` },
  to: { path: `^src/(${others})` },
}));

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      // Here types do not go in circles either.
      name: 'no-circular-types-in-packages',
      severity: 'error',
      from: { path: '^packages/' },
      to: { circular: true },
    },
    ...onlyDownwards,
    ...apart,
    {
      name: 'every-folder-has-a-floor',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: `^src/(${floors.join('|')})/` },
      to: {},
    },
    {
      name: 'terminal-libraries-in-cli-only',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: 'node_modules/(listr2|picocolors|@clack/prompts|commander|cli-table3)/' },
    },
    {
      name: 'no-process-below-cli-and-composition',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli|composition|ledger|hosts)/' },
      to: { path: '^(node:)?(process|readline|tty)$', dependencyTypes: ['core'] },
    },
    {
      name: 'the-local-cloud-is-known-to-cli-and-composition',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli|composition)/' },
      to: { path: '^packages/local-cloud/' },
    },
    {
      name: 'the-local-cloud-by-its-public-entries',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        path: '^packages/local-cloud/',
        pathNot: '^packages/local-cloud/src/(index|client|machines|model-api)\\.ts$',
      },
    },
    {
      name: 'the-local-cloud-knows-nothing-of-the-pipeline',
      severity: 'error',
      from: { path: '^packages/local-cloud/src/' },
      to: { path: '^(src|packages/(?!local-cloud|shared))/' },
    },
    {
      name: 'what-both-need-knows-neither',
      severity: 'error',
      from: { path: '^packages/shared/src/' },
      to: { path: '^(src|packages/local-cloud)/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^packages/[^/]+/dist/' },
  },
};
