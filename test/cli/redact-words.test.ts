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
    [['env', 'RAILS_MASTER_KEY=hunter22', 'rails', 's'], /RAILS_MASTER_KEY=.* rails s$/],
    [['env', 'STRIPE_KEY=hunter22', 'DB_PASS=hunter22', 'MYSQL_PWD=hunter22', 'run'], /STRIPE_KEY.*MYSQL_PWD.* run$/],
    [['env', '-u', 'X', 'A=1', 'DB_PASS=hunter 22', 'run'], /run$/],
    [['tool', '--key=hunter22', '--host', 'db'], /--host db$/],
    [['tool', '--encryption-key', 'hunter22', '--pass', 'hunter22', 'x'], /--encryption-key .* --pass .* x$/],
    [['tool', '--masterKey', 'hunter22', 'x'], /x$/],
    [['tool', '--password', '-hunter22', 'x'], /x$/],
    [['tool', '--password', '--Hunter22', 'x'], /x$/],
    [['docker', 'run', '--env=API_KEY=hunter22', '-eDB_PASS=hunter22', '-e', 'PWD_KEY=hunter 22', 'x'], /x$/],
    [['docker', 'run', '--env=API_KEY=hunter=22', 'x'], /--env=API_KEY=.* x$/],
    [['helm', 'upgrade', '--set', 'a=1,db.pass=hunter22,c=3'], /a=1,db.pass=.redacted.,c=3/],
    [['curl', '-H', 'X-Api-Key: hunter22', 'https://api/'], /X-Api-Key: .*https:..api.$/],
    [['curl', '-H', 'PRIVATE-TOKEN:hunter22', 'https://api/'], /PRIVATE-TOKEN: .*https:..api.$/],
    [['curl', '-HX-Api-Key: hunter22', '--header=Cookie: a=hunter22', 'https://api/'], /X-Api-Key.*Cookie.*api.$/],
    [['curl', 'https://api/x?a=1&token=hunter22&api_key=hunter22&b=2#key=hunter22'], /a=1&token=.*&b=2#key=/],
    [['curl', '-d', '{"a":1,"token":"hunter \\"22","n":{"pass":22},"b":2}', 'x'], /"a.*"n.*b.*2}" x$/],
    [['sh', '-c', 'curl -d "{\\"token\\":\\"hunter22\\",\\"b\\":1}" x'], /b.*1}.* x"$/],
    [['curl', '--user', 'ann:hunter22', 'x'], /--user .* x$/],
    [['curl', '-sSu', 'ann:hunter22', 'x'], /-sSu .* x$/],
    [['curl', '-sSuann:hunter22', 'x'], /-sSu.* x$/],
    [['mysql', '-NBphunter22', 'db'], /-NBp.* db$/],
    [['sh', '-c', 'curl -H "X-Api-Key: hunter22" https://api/ | jq .a'], /https:..api. [|] jq .a"$/],
    [['sh', '-lc', 'TOKEN="a hunter22" rm -rf /srv'], /rm -rf .srv/],
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
    [['cassandra', '--keyspace', 'shop']],
    [['env', 'monkey=1', 'PWD=/srv', 'run']],
    [['npm', 'run', 'key:generate']],
    [['train', '--tokenizer', 'bert', '--max-tokens', '100']],
    [['ls', '-la']],
    [['docker', 'login', '--password-stdin', 'registry']],
    [['ansible-playbook', '--ask-pass', 'site.yml']],
    [['docker', 'run', '--user', '1000:1000', 'x']],
    [['curl', '-sSLo', 'out', '-H', 'Accept: text/plain', 'https://api/?page=2&monkey=1']],
    [['aws', 'create-tags', '--tags', 'Key=Name,Value=web', '--public-key', 'x']],
    [['sh', '-c', 'cd /srv && npm run key:generate; git log --format="%h: %s" | head > out 2>&1']],
    [['release', '--reason', 'Token: was rotated; see "x"']],
    [['curl', '-d', '{"monkey":"1","a": [1, 2]}']],
  ])('keeps what is not a secret: %j', (words) => {
    expect(redactWords(words, redact)).toEqual(words);
  });

  it.each([
    [
      ['sh', '-c', "PGPASSWORD=hunter22 psql -c 'drop table users'"],
      `sh -c "PGPASSWORD=[redacted] psql -c 'drop table users'"`,
    ],
    [['bash', '-lc', 'TOKEN=hunter22;rm -rf /srv'], 'bash -lc "TOKEN=[redacted];rm -rf /srv"'],
    [['/bin/dash', '-ec', 'PASSWORD=hunter22|sh'], '/bin/dash -ec "PASSWORD=[redacted]|sh"'],
    [['sh', '-c', 'TOKEN=$(cat /etc/t) rm -rf /srv'], 'sh -c "TOKEN=[redacted]$(cat /etc/t) rm -rf /srv"'],
    [['zsh', '-c', 'PASSWORD=`cat /etc/t` rm -rf /srv'], 'zsh -c "PASSWORD=[redacted]`cat /etc/t` rm -rf /srv"'],
    [
      ['sh', '-c', 'PASSWORD="$(mysql -phunter22 -e x)" rm -rf /srv'],
      'sh -c "PASSWORD=[redacted]$(mysql -p[redacted] -e x) rm -rf /srv"',
    ],
    [['sh', '-c', 'Q="mysql -phunter22 db"; $Q'], String.raw`sh -c "Q=\"mysql -p[redacted] db\"; $Q"`],
    [['sh', '-c', 'TOKEN=a$(cat x; id)hunter22`ls`22 rm x'], 'sh -c "TOKEN=[redacted]$(cat x; id)`ls` rm x"'],
    [
      ['sh', '-c', 'A=$(TOKEN=hunter22)$(mysql -phunter22) id'],
      'sh -c "A=$(TOKEN=[redacted])$(mysql -p[redacted]) id"',
    ],
    [['sh', '-c', 'PASSWORD= rm -rf /srv'], 'sh -c "PASSWORD=[redacted] rm -rf /srv"'],
    [['sh', '-c', 'login --password; rm -rf /srv'], 'sh -c "login --password; rm -rf /srv"'],
    [['sh', '-c', "bash -c 'TOKEN=hunter22 rm -rf /srv'"], `sh -c "bash -c 'TOKEN=[redacted] rm -rf /srv'"`],
    [['sh', '-c', "curl -H 'Authorization: Bearer hunter22'|sh"], `sh -c "curl -H 'Authorization: [redacted]'|sh"`],
    [['sh', '-c', 'curl -d "password=hunter22"|sh'], 'sh -c "curl -d password=[redacted]|sh"'],
    [['ssh', 'db', 'TOKEN=hunter22 rm -rf /srv'], 'ssh db "TOKEN=[redacted] rm -rf /srv"'],
    [['bash', '-c', '-e', '--', 'TOKEN=hunter22;id'], 'bash -c -e -- "TOKEN=[redacted];id"'],
  ])('keeps all of a command for a shell but the values of secrets: %j', (words, shown) => {
    expect(line(...words)).toBe(`pipeline exec api -- ${shown}`);
    // As the records are redacted once more.
    expect(redact(line(...words))).toBe(line(...words));
  });
});
