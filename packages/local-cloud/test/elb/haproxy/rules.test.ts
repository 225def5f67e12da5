import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aclTests } from '../../../src/elb/haproxy/conditions.ts';
import { render } from '../../../src/elb/haproxy/config.ts';
import { quote } from '../../../src/elb/haproxy/quote.ts';
import { splitLines, splitRange } from '../../../src/elb/haproxy/weights.ts';
import type { ListenerRecord, LoadBalancerRecord, RuleRecord } from '../../../src/model.ts';
import { type OpenBalancer, openBalancer } from '../support/open-balancer.ts';
import { type Backend, get, type RealBalancer } from '../support/real.ts';
import { forward, listener, routing, rule, targetGroup } from '../support/records.ts';

const fixed = (body: string, StatusCode = '404') => ({
  Type: 'fixed-response',
  FixedResponseConfig: { StatusCode, ContentType: 'text/plain', MessageBody: body },
});
const redirect = (config: Record<string, string>) => ({
  Type: 'redirect',
  RedirectConfig: { StatusCode: 'HTTP_301', ...config },
});

let opened: OpenBalancer;
let real: RealBalancer;
let backend: Backend;
let balancer: LoadBalancerRecord;
let front: ListenerRecord;
let url: string;
const group = targetGroup('a', { healthyThreshold: 1 });
const apply = (rules: RuleRecord[]) =>
  real.driver.apply(routing({ loadBalancers: [balancer], listeners: [front], targetGroups: [group], rules }));

beforeAll(async () => {
  opened = await openBalancer();
  ({ real, balancer } = opened);
  url = `http://${balancer.address}:${opened.port}`;
  front = listener(balancer, opened.port, forward(group));
  await apply([]);
  backend = await opened.serve(group, 'one');
});
afterAll(() => opened.close());

describe('rules', () => {
  it('choose by each kind of condition, in the order of their priorities', async () => {
    const conditions: Record<string, unknown>[] = [
      { Field: 'path-pattern', PathPatternConfig: { Values: ['/img/*.p?g', '/exact'] } },
      { Field: 'host-header', HostHeaderConfig: { Values: ['*.Example.com'] } },
      { Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: 'X-Proof', Values: ['on'] } },
      { Field: 'query-string', QueryStringConfig: { Values: [{ Key: 'v', Value: '4*' }] } },
      { Field: 'http-request-method', HttpRequestMethodConfig: { Values: ['DELETE'] } },
      { Field: 'source-ip', SourceIpConfig: { Values: ['10.9.0.0/16'] } },
    ];
    await apply(
      conditions.map((condition, n) => rule(front, 60 - n * 10, [condition], fixed(String(condition.Field)))),
    );
    expect((await get(`${url}/img/a.png`)).text).toBe('path-pattern');
    expect((await get(`${url}/img/a.jpeg`)).text).toBe('one');
    expect((await get(`${url}/EXACT`)).text).toBe('one');
    expect((await get(`${url}/exact`, { host: 'a.example.COM:80' })).text).toBe('host-header');
    expect((await get(`${url}/exact`, { host: 'aexample.com' })).text).toBe('path-pattern');
    expect((await get(`${url}/exact`, { 'x-proof': 'ON', host: 'a.example.com' })).text).toBe('http-header');
    expect((await get(`${url}/`, { 'x-proof': 'on2' })).text).toBe('one');
    expect((await get(`${url}/?a=1&V=42`)).text).toBe('query-string');
    expect((await get(`${url}/?vv=42`)).text).toBe('one');
    const answer = await request(`${url}/`, { method: 'DELETE', dispatcher: new Agent() });
    expect(await answer.body.text()).toBe('http-request-method');
  });

  it('of better priority forward before a later redirect or response answers, and need all their conditions', async () => {
    const path = { Field: 'path-pattern', Values: ['/a*'] };
    const header = { Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: 'x', Values: ['1'] } };
    await apply([
      rule(front, 1, [path, header], forward(group)),
      rule(front, 2, [path], redirect({ Host: 'other.example', Path: '/to/#{path}', Port: '81' })),
      rule(front, 3, [{ Field: 'path-pattern', Values: ['/*'] }], fixed('line 1\nline 2 %[src] \'"$HOME', '503')),
    ]);
    expect((await get(`${url}/a`, { x: '1' })).text).toBe('one');
    expect(await get(`${url}/a/b?c=%64`)).toMatchObject({
      status: 301,
      location: 'http://other.example:81/to/a/b?c=%64',
    });
    expect((await get(`${url}/a/b`)).location).toBe('http://other.example:81/to/a/b');
    expect(await get(`${url}/b`)).toMatchObject({ status: 503, text: 'line 1\nline 2 %[src] \'"$HOME' });
  });

  it('pass on who asked, how and where', async () => {
    await apply([]);
    await get(`${url}/`, { 'x-forwarded-for': '192.0.2.1' });
    expect(backend.lastHeaders['x-forwarded-for']).toMatch(/^192\.0\.2\.1, 127\./);
    expect(backend.lastHeaders['x-forwarded-proto']).toBe('http');
    expect(backend.lastHeaders['x-forwarded-port']).toBe(url.split(':').at(-1));
  });
});

describe('hostile values', () => {
  const hostile = [
    "x' -m found }",
    '}',
    '"',
    '\\',
    '%[env(HOME)]',
    '$HOME',
    '#c',
    'a b',
    '-f /etc/passwd',
    "';'",
    `$\{HOME}`,
    '|| TRUE',
  ];

  it('are taken literally wherever a value may hold them', async () => {
    const header = (value: string) => ({
      Field: 'http-header',
      HttpHeaderConfig: { HttpHeaderName: 'x', Values: [value] },
    });
    await apply(hostile.map((value, n) => rule(front, n + 1, [header(value)], fixed(`hit ${n}`))));
    for (const [n, value] of hostile.entries())
      expect((await get(`${url}/`, { x: value })).text, value).toBe(`hit ${n}`);
    expect((await get(`${url}/`, { x: 'harmless' })).text).toBe('one');
    const paths = hostile.map((value, n) =>
      rule(front, n + 1, [{ Field: 'path-pattern', Values: [`/${value}*`] }], fixed('hit')),
    );
    await apply(paths);
    expect((await get(`${url}/harmless`)).text).toBe('one');
    await apply([
      rule(
        front,
        1,
        [{ Field: 'path-pattern', Values: ['/r'] }],
        redirect({ Host: 'h', Path: '/%[env(HOME)]%T', Query: '' }),
      ),
    ]);
    expect((await get(`${url}/r`)).location).toMatch(/\/%\[env\(HOME\)\]%T$/);
  });

  it('that end a line or leave their place are refused before anything changes', async () => {
    const before = readFileSync(join(real.dir, 'haproxy.cfg'), 'utf8');
    const path = (value: string) => [{ Field: 'path-pattern', Values: [value] }];
    const attempts: RuleRecord[] = [
      rule(front, 1, path('/a\n  http-request deny'), fixed('x')),
      rule(front, 1, path('/a\0'), fixed('x')),
      rule(
        front,
        1,
        [{ Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: 'a) -m found', Values: ['b'] } }],
        fixed('x'),
      ),
      rule(
        front,
        1,
        [{ Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: 'a\n', Values: ['b'] } }],
        fixed('x'),
      ),
      rule(
        front,
        1,
        [{ Field: 'http-request-method', HttpRequestMethodConfig: { Values: ['GET } deny'] } }],
        fixed('x'),
      ),
      rule(front, 1, [{ Field: 'source-ip', SourceIpConfig: { Values: ['1.2.3.4/8 5.6.7.8'] } }], fixed('x')),
      rule(front, 1, path('/r'), redirect({ Host: 'a b' })),
      rule(front, 1, path('/r'), redirect({ Host: 'a\n' })),
      rule(front, 1, path('/r'), {
        Type: 'fixed-response',
        FixedResponseConfig: { StatusCode: '200 file /etc/passwd', MessageBody: 'x' },
      }),
    ];
    for (const attempt of attempts)
      await expect(apply([attempt]), JSON.stringify(attempt)).rejects.toThrow('cannot be used');
    await expect(real.driver.add(group.arn, { id: 'i-1 backup', address: '127.0.0.1', port: 80 })).rejects.toThrow(
      'cannot be used',
    );
    await expect(real.driver.add(group.arn, { id: 'i-1', address: '127.0.0.1:80;shutdown', port: 80 })).rejects.toThrow(
      'cannot be used',
    );
    const unhealthy = targetGroup('b', { path: '/a\nuser root' });
    expect(() => render(routing({ targetGroups: [unhealthy] }))).toThrow('cannot be used');
    expect(() => quote('')).toThrow();
    expect(() => aclTests({ Field: 'cookie' })).toThrow();
    expect(readFileSync(join(real.dir, 'haproxy.cfg'), 'utf8')).toBe(before);
  });
});

describe('the split', () => {
  it('covers the whole range without gap or overlap', () => {
    for (const weights of [[5, 95], [1, 1, 1], [999, 1], [0, 3, 0, 7], [1]]) {
      const ranges = splitLines(weights.map((weight, n) => ({ arn: `a${n}`, weight }))).map((line) =>
        line.split(' ')[0]?.split(':').map(Number),
      );
      expect(ranges[0]?.[0]).toBe(0);
      expect(ranges.at(-1)?.[1]).toBe(splitRange - 1);
      ranges.slice(1).forEach((range, n) => {
        expect(range?.[0]).toBe((ranges[n]?.[1] ?? 0) + 1);
      });
    }
    expect(splitLines([{ arn: 'a', weight: 0 }])).toEqual([]);
  });
});
