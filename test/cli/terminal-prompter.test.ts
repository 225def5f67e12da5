import * as prompts from '@clack/prompts';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { askText, terminalPrompter } from '../../src/cli/terminal-prompter.ts';
import { fakeContext } from './support/fake-context.ts';

// The person at the terminal; all else of the library is real.
vi.mock('@clack/prompts', async (original) => ({
  ...(await original<typeof prompts>()),
  confirm: vi.fn(),
  text: vi.fn(),
}));
const yesOrNo = vi.mocked(prompts.confirm);
const text = vi.mocked(prompts.text);
/** What the library gives for Ctrl-C. */
const canceled: typeof prompts.CANCEL_SYMBOL = prompts.CANCEL_SYMBOL;
beforeEach(() => void vi.resetAllMocks());
afterAll(() => void vi.doUnmock('@clack/prompts'));

const there = fakeContext([], { interactive: true });
const nobody = fakeContext([], { interactive: false });
const question = 'remove image ami-1?';

describe('before something that cannot be undone', () => {
  test('a yes goes on; what Enter alone means is no', async () => {
    yesOrNo.mockResolvedValue(true);
    await terminalPrompter(there, {}).confirm(question);
    // Standard output is for results.
    expect(yesOrNo).toHaveBeenCalledWith({ message: question, initialValue: false, output: process.stderr });
  });

  test.each<[string, boolean | typeof canceled]>([
    ['no', false],
    ['Ctrl-C', canceled],
  ])('is declined by %s', async (_what, answer) => {
    yesOrNo.mockResolvedValue(answer);
    await expect(terminalPrompter(there, {}).confirm(question)).rejects.toMatchObject({
      code: 'declined',
      outcome: 'declined',
    });
  });

  test('--yes skips the question, whether or not somebody is there', async () => {
    await terminalPrompter(there, { yes: true }).confirm(question);
    await terminalPrompter(nobody, { yes: true, json: true }).confirm(question);
    expect(yesOrNo).not.toHaveBeenCalled();
  });

  test.each([
    ['without a terminal', nobody, {}],
    ['with --json', there, { json: true }],
  ])('%s it is refused with the question and the flag that answers it', async (_what, context, options) => {
    await expect(terminalPrompter(context, options).confirm(question)).rejects.toMatchObject({
      code: 'usage.needs-yes',
      outcome: 'usage',
      message: `confirmation required: ${question}`,
      fix: expect.stringContaining('--yes'),
    });
    expect(yesOrNo).not.toHaveBeenCalled();
  });
});

describe('a question for a line of text', () => {
  const wrong = (value: string) => (value === '3000' ? undefined : 'a port');

  test('is repeated until the answer is valid, and no answer is an empty line', async () => {
    text.mockImplementation(async ({ validate }) => {
      if (!(validate instanceof Function)) throw new Error('nothing looks at the answer');
      expect(validate('x')).toBe('expected a port');
      expect(validate(undefined)).toBe('expected a port');
      expect(validate('3000')).toBeUndefined();
      return '3000';
    });
    expect(await askText('port?', { initial: '80', wrong })).toBe('3000');
    expect(text).toHaveBeenCalledWith(expect.objectContaining({ initialValue: '80', output: process.stderr }));
  });

  test('counts as declined when it is canceled', async () => {
    text.mockResolvedValue(canceled);
    await expect(askText('port?', { wrong })).rejects.toMatchObject({ code: 'declined', outcome: 'declined' });
  });
});
