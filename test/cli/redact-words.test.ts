import { describe, expect, it } from 'vitest';
import { redactWords, safeCommandLine } from '../../src/cli/redact-words.ts';
import { createRedact } from '../../src/shared/redact.ts';

const redact = createRedact(['known-value']);
const line = (...words: string[]) => safeCommandLine(['exec', 'api', '--', ...words], redact);

describe('the recorded command line', () => {
  it.each([
    [['mysql', '--password', 'hunter22', 'db'], /db$/],
    [['mysql', '-phunter22', 'db'], /db$/],
    [['/usr/bin/mysqldump', '-u', 'me', '-phunter22'], /-u me/],
    [['tool', '--api-key=hunter22', '--host=db'], /--host=db$/],
    [['gh', '--token', 'hunter22'], /gh --token/],
    [['redis-cli', '-a', 'hunter22', 'ping'], /ping$/],
    [['curl', '-u', 'me:hunter22', 'https://api/'], /https:..api.$/],
    [['env', 'PASSWORD=hunter 22', 'run'], /run$/],
    [['env', 'STRIPE_API_KEY=hunter22', 'run'], /run$/],
    [['sh', '-c', 'PASSWORD="hunter 22" run --fast'], /run --fast/],
    [['sh', '-c', "PASSWORD='hunter 22' run --fast"], /run --fast/],
    [['sh', '-c', 'mysql --password hunter22 db; true'], /db; true/],
    [['sh', '-c', 'mysql -p"hunter 22" db && echo "all done"'], /all done/],
    [['sh', '-c', 'run --token="hunter 22" x'], / x"$/],
    [['sh', '-c', "sh -c 'mysql -phunter22 db'"], /mysql/],
    [['docker', 'login', '-u', 'me', '-p', 'hunter22'], /-u me/],
    [['echo', 'x-known-value'], /echo/],
  ])('has no value of a secret: %j', (words, kept) => {
    const shown = line(...words);
    expect(shown).toContain('[redacted]');
    expect(shown).not.toMatch(/hunter|22|known-value/);
    expect(shown).toMatch(kept);
  });

  it.each([
    [['df', '-h', '/']],
    [['mkdir', '-p', 'a/b']],
    [['docker', 'run', '-p', '80:80', 'x']],
    [['psql', '-p', '5432', '--host', 'db']],
    [['sh', '-c', 'ls -l | wc -l; echo "a  b" \'c\'']],
    [['mysql', '--password', '--host', 'db']],
  ])('keeps what is not a secret: %j', (words) => {
    expect(redactWords(words, redact)).toEqual(words);
  });
});
