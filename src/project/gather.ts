import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import type { RunningFleet } from '../aws/running-fleet.ts';
import { environmentName } from '../config/names.ts';
import type { Answers } from './answers.ts';

/** Where answers come from. */
export interface Interview {
  /** What was answered beforehand, by the question's option, e.g. `ssh-user`. */
  given(option: string): string | undefined;
  /** Asks a person, again and again while something is wrong with the answer; absent where nobody can be asked. */
  ask?(question: string, rules: { initial?: string; wrong(answer: string): string | undefined }): Promise<string>;
  /** Questions with an initial answer are not asked; that answer is used. */
  acceptInitial: boolean;
}

interface Question {
  /** The option that answers it, without its dashes. */
  option: string;
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

/** Where the fleet is or is going to be: what has to be known before a running one can be read. */
export async function gatherPlace(
  interview: Interview,
  usualRegion: string | undefined,
): Promise<Pick<Answers, 'environment' | 'cloud' | 'region'>> {
  const environment = environmentName(
    await answer(interview, { option: 'env', ask: 'Which environment?', initial: 'production' }),
  );
  const cloud = environment === 'local' ? 'local' : 'aws';
  const region = await answer(interview, {
    option: 'region',
    ask: 'In which region?',
    initial: cloud === 'local' ? 'eu-west-1' : usualRegion,
    wrong: (value) => (/^[a-z]{2}(-[a-z]+)+-[0-9]+$/.test(value) ? undefined : "a region such as 'eu-west-1'"),
  });
  return { environment, cloud, region };
}

/** The other answers: from the running fleet, the options, or prompts. @throws usage errors that name the option */
export async function gatherRest(
  interview: Interview,
  app: string,
  place: Pick<Answers, 'environment' | 'cloud' | 'region'>,
  running: RunningFleet | undefined,
): Promise<Answers> {
  const target = running?.targetGroup;
  const ask = (question: Question, known?: number | string) =>
    // What runs already is known; only an option says otherwise.
    known !== undefined && interview.given(question.option) === undefined
      ? Promise.resolve(String(known))
      : answer(interview, question);
  const source = await ask({
    option: 'source',
    ask: 'In which folder of this repository is the app?',
    initial: '.',
    wrong: (value) => (folderPattern.test(value) ? undefined : 'a folder inside the repository, without ..'),
  });
  const technology = (await ask({
    option: 'technology',
    ask: 'What is it written in: node, python or other?',
    initial: 'node',
    wrong: (value) => (/^(node|python|other)$/.test(value) ? undefined : 'node, python or other'),
  })) as Answers['technology'];
  const servicePort = await ask(
    { option: 'port', ask: 'On which port does it answer on each host?', wrong: port },
    target?.Port,
  );
  const healthPath = await ask(
    {
      option: 'health-path',
      ask: 'Which path answers 200 when it is able to work?',
      initial: '/health',
      wrong: (value) => (/^\/[^\s\p{Cc}]*$/u.test(value) ? undefined : 'a path that starts with /'),
    },
    target?.HealthCheckPath,
  );
  const listenerPort = await ask(
    { option: 'listener-port', ask: 'On which port does the load balancer listen?', initial: '80', wrong: port },
    running?.listenerPort,
  );
  const whole = (value: string) => isWhole(value, 0, 10_000);
  const min = await ask(
    { option: 'min', ask: 'How many instances at least?', initial: '2', wrong: whole },
    running?.group.min,
  );
  const max = await ask({ option: 'max', ask: 'How many at most?', initial: '10', wrong: whole }, running?.group.max);
  const sshUser =
    place.cloud === 'local'
      ? 'admin'
      : await ask({ option: 'ssh-user', ask: 'As which user are hosts reached?', initial: 'admin' });
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

async function answer(interview: Interview, { option, ask, initial, wrong = () => undefined }: Question) {
  const given = interview.given(option);
  if (given !== undefined) {
    const expected = wrong(given);
    if (expected === undefined) return given;
    throw usageError(`init.${option}`, `--${option} ${show(given)}: expected ${expected}`);
  }
  if (interview.ask && !(interview.acceptInitial && initial !== undefined)) {
    return interview.ask(ask, { ...(initial !== undefined && { initial }), wrong });
  }
  if (initial !== undefined && wrong(initial) === undefined) return initial;
  throw usageError(
    'init.missing',
    `missing answer: ${ask}`,
    `there is no terminal to ask on; answer it with --${option}`,
  );
}
