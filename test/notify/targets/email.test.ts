import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { deliverTo } from '../support/deliver-to.ts';
import { failed, released } from '../support/facts.ts';

const settings = (port: number) => ({
  ...{ to: 'email', host: '127.0.0.1', port, from: 'pipeline@example.com', recipients: ['team@example.com'] },
});

/** A mail server that answers each command by its first word (RFC 5321); what it is sent is kept. */
async function mailServer(answers: Record<string, string>) {
  const lines: string[] = [];
  const server = createServer((socket) => {
    let data = false;
    socket.on('error', () => undefined);
    socket.write(`${answers.greeting ?? '220 mail.example.com'}\r\n`);
    socket.on('data', (chunk) => {
      for (const line of chunk.toString('utf8').split('\r\n').slice(0, -1)) {
        lines.push(line);
        const word = line.split(/[ :]/)[0]?.toUpperCase() ?? '';
        if (data && line !== '.') continue;
        data = word === 'DATA' && !answers.DATA;
        socket.write(
          `${line === '.' ? '250 taken' : (answers[word] ?? (word === 'DATA' ? '354 go on' : '250 ok'))}\r\n`,
        );
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise((resolve) => void server.close(() => resolve())));
  return { port: (server.address() as AddressInfo).port, lines };
}

it('a mail has the headline as its subject, the details, and the same id in every attempt', async () => {
  const { port, lines } = await mailServer({});
  const receipt = await deliverTo(settings(port), released);
  expect(receipt).toEqual({ messageId: `<${released.id}@golden-pipeline>`, rejected: 0 });
  const text = lines.join('\n').replace(/=\n/g, '');
  expect(text).toContain('MAIL FROM:<pipeline@example.com>');
  expect(text).toContain('RCPT TO:<team@example.com>');
  expect(text.replace(/\n /g, ' ')).toContain(
    'Subject: api v42 is live in production (3 commits by ann, bob) after 6 min.',
  );
  expect(text).toContain(`Message-ID: <${released.id}@golden-pipeline>`);
  expect(text).toContain('11111111 Show the seats (ann)');
});

it.each([
  [{ RCPT: '550 no such mailbox' }, 'refused', '550 no such mailbox'],
  [{ RCPT: '450 mailbox busy' }, 'failed', '450 mailbox busy'],
  [{ DATA: '554 spam' }, 'refused', '554 spam'],
  [{ greeting: '421 too many connections' }, 'failed', '421 too many connections'],
])('a mail server that answers %j: it is %s', async (answers, kind, text) => {
  const { port } = await mailServer(answers as Record<string, string>);
  await expect(deliverTo(settings(port), failed)).rejects.toMatchObject({
    kind,
    message: expect.stringContaining(text),
  });
});

it('a mail server that is down is tried again, and named', async () => {
  await expect(deliverTo(settings(1), failed)).rejects.toMatchObject({
    kind: 'failed',
    message: expect.stringMatching(/^127\.0\.0\.1 cannot be reached \(E/),
  });
});

it('the password for a mail server is never shown', async () => {
  const { port } = await mailServer({ EHLO: '250 AUTH PLAIN', AUTH: '535 wrong password xoxb-4711-verysecret' });
  const wrong = await deliverTo({ ...settings(port), user: 'ann', password: 'env:TOKEN' }, failed).catch(
    (error) => error,
  );
  expect(wrong).toMatchObject({ kind: 'refused' });
  expect(String(wrong)).not.toContain('xoxb-4711-verysecret');
});
