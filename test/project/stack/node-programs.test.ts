import { describe, expect, it } from 'vitest';
import { packagesOf } from '../../../src/project/stack/node-programs.ts';

describe('the packages that a script needs', () => {
  it.each([
    ['sequelize db:migrate', ['sequelize-cli']],
    ['tsc -p . && node dist/migrate.js', ['typescript', 'node']],
    ['node_modules/.bin/knex migrate:latest', ['knex']],
    ['./node_modules/.bin/sequelize db:migrate', ['sequelize-cli']],
    ['node node_modules/.bin/sequelize db:migrate', ['node', 'sequelize-cli']],
    ['node ./node_modules/@mikro-orm/cli/esm.js up', ['node', '@mikro-orm/cli']],
    ['node -r ts-node/register migrate.ts', ['node', 'ts-node']],
    ['node --import=tsx migrate.ts', ['node', 'tsx']],
    ['NODE_ENV=production npx --no-install tsx migrate.ts', ['npx', 'tsx']],
    ['dotenv -e .env -- knex migrate:latest', ['dotenv-cli', '.env', 'knex']],
    ['cross-env A=1 typeorm-ts-node-esm migration:run', ['cross-env', 'typeorm', 'ts-node']],
    ['node tsx knex', ['node']],
  ])('%s', (migrate, packages) => {
    expect(packagesOf('migrate', { migrate })).toEqual(packages);
  });

  it('are also those of scripts before and after it, and of those that it runs, each once', () => {
    const scripts = { premigrate: 'tsc', migrate: 'npm run -s db:up; npm run migrate', 'db:up': 'knex migrate:latest' };
    expect(packagesOf('migrate', scripts)).toEqual(['typescript', 'knex']);
    expect(packagesOf('migrate', { migrate: 1 })).toEqual([]);
  });
});
