import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import type { RunningFleet } from '../aws/running-fleet.ts';
import { askText } from '../cli/ask.ts';
import type { CommandOptions } from '../cli/command.ts';
import type { CliContext } from '../cli/context.ts';
import { textOf } from '../cli/values.ts';
import { environmentName } from '../config/names.ts';
import type { Answers } from './answers.ts';

interface Question {
  /** The option for it, without its dashes. */
  flag: string;
  ask: string;
  /** The default without a prompt; if absent, the option is required. */
  initial?: string;
  /** Returns what is wrong with an answer. */
  wrong?: (value: string) => string | undefined;
}

const folderPattern = /^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\p{Cc}]+$/u;
const isWhole = (value: string, min: number, max: number) =>
  /^\d{1,5}$/.test(value) && Number(value) >= min && Number(value) <= max
    ? undefined
    : `a whole number from ${min} to ${max}`;
const port = (value: string) => isWhole(value, 1, 65_535);

/** The location of the fleet, which is needed before a running one can be read. */
export async function gatherPlace(
  context: CliContext,
  options: CommandOptions,
): Promise<Pick<Answers, 'environment' | 'cloud' | 'region'>> {
  const environment = environmentName(
    options.env ?? (await answer(context, options, { flag: 'env', ask: 'Which environment?', initial: 'production' })),
  );
  const cloud = environment === 'local' ? 'local' : 'aws';
  const { AWS_REGION, AWS_DEFAULT_REGION } = context.env;
  const region = await answer(context, options, {
    flag: 'region',
    ask: 'In which region?',
    initial: cloud === 'local' ? 'eu-west-1' : (AWS_REGION ?? AWS_DEFAULT_REGION),
    wrong: (value) => (/^[a-z]{2}(-[a-z]+)+-[0-9]+$/.test(value) ? undefined : "a region such as 'eu-west-1'"),
  });
  return { environment, cloud, region };
}

/** The other answers: from the running fleet, the options, or prompts. @throws usage errors that name the option */
export async function gatherRest(
  context: CliContext,
  options: CommandOptions,
  app: string,
  place: Pick<Answers, 'environment' | 'cloud' | 'region'>,
  running: RunningFleet | undefined,
): Promise<Answers> {
  const target = running?.targetGroup;
  const ask = (question: Question, known?: number | string) =>
    // Values of a running fleet are known; only an option overrides them.
    known !== undefined && textOf(options, camel(question.flag)) === undefined
      ? Promise.resolve(String(known))
      : answer(context, options, question);
  const source = await ask({
    flag: 'source',
    ask: 'In which folder of this repository is the app?',
    initial: '.',
    wrong: (value) => (folderPattern.test(value) ? undefined : 'a folder inside the repository, without ..'),
  });
  const technology = (await ask({
    flag: 'technology',
    ask: 'What is it written in: node, python or other?',
    initial: 'node',
    wrong: (value) => (/^(node|python|other)$/.test(value) ? undefined : 'node, python or other'),
  })) as Answers['technology'];
  const servicePort = await ask(
    { flag: 'port', ask: 'On which port does it answer on each host?', wrong: port },
    target?.Port,
  );
  const healthPath = await ask(
    {
      flag: 'health-path',
      ask: 'Which path answers 200 when it is able to work?',
      initial: '/health',
      wrong: (value) => (/^\/[^\s\p{Cc}]*$/u.test(value) ? undefined : 'a path that starts with /'),
    },
    target?.HealthCheckPath,
  );
  const listenerPort = await ask(
    { flag: 'listener-port', ask: 'On which port does the load balancer listen?', initial: '80', wrong: port },
    running?.listenerPort,
  );
  const whole = (value: string) => isWhole(value, 0, 10_000);
  const min = await ask(
    { flag: 'min', ask: 'How many instances at least?', initial: '2', wrong: whole },
    running?.group.min,
  );
  const max = await ask({ flag: 'max', ask: 'How many at most?', initial: '10', wrong: whole }, running?.group.max);
  const sshUser =
    place.cloud === 'local'
      ? 'admin'
      : await ask({ flag: 'ssh-user', ask: 'As which user are hosts reached?', initial: 'admin' });
  return {
    app,
    ...place,
    source,
    technology,
    port: Number(servicePort),
    healthPath,
    listenerPort: Number(listenerPort),
    min: Number(min),
    max: Number(max),
    sshUser,
    running,
  };
}

async function answer(context: CliContext, options: CommandOptions, question: Question): Promise<string> {
  const { flag, ask, initial, wrong = () => undefined } = question;
  const given = textOf(options, camel(flag));
  if (given !== undefined) {
    const expected = wrong(given);
    if (expected === undefined) return given;
    throw usageError(`init.${flag}`, `--${flag} ${show(given)}: expected ${expected}`);
  }
  if (context.interactive && !options.json && !(options.yes && initial !== undefined)) {
    return askText(ask, { initial, wrong });
  }
  if (initial !== undefined && wrong(initial) === undefined) return initial;
  throw usageError(
    'init.missing',
    `this needs an answer: ${ask}`,
    `there is no one to ask here; say it with --${flag}`,
  );
}

const camel = (flag: string): string => flag.replace(/-([a-z])/g, (_all, letter: string) => letter.toUpperCase());
