// Who may import whom: cli -> operations -> tasks -> steps -> {aws, hosts, ledger}; all may use run, config and shared.
const layer = (name, allowed) => ({
  name: `${name}-imports-only-below`,
  severity: 'error',
  from: { path: `^src/${name}/` },
  to: { path: '^src/', pathNot: `^src/(${[name, ...allowed].join('|')})(/|\\.)` },
});
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    layer('shared', []),
    layer('config', ['shared']),
    layer('run', ['shared', 'config']),
    layer('ledger', ['shared', 'run', 'config']),
    layer('aws', ['shared', 'run', 'config']),
    layer('hosts', ['shared', 'run', 'config']),
    layer('steps', ['shared', 'run', 'config', 'aws', 'hosts', 'ledger']),
    layer('tasks', ['shared', 'run', 'config', 'steps', 'aws', 'hosts', 'ledger']),
    layer('operations', ['shared', 'run', 'config', 'tasks', 'steps', 'aws', 'hosts', 'ledger']),
    layer('local-cloud', ['shared']),
    {
      name: 'only-cli-knows-the-local-cloud',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli|local-cloud)/' },
      to: { path: '^src/local-cloud/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^packages/[^/]+/dist/' },
  },
};
