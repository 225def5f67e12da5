import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import type { RunningFleet } from '../aws/running-fleet.ts';
import { environmentName } from '../config/names.ts';
import type { Answers } from './answers.ts';
import { gatherMigration } from './gather-migration.ts';
import { exampleStacks } from './stack/detect.ts';
import { type Stack, type Technology, technologies } from './stack/stack.ts';

/** Where answers come from. */
export interface Interview {
  /** What was answered beforehand, by the question's option, e.g. `ssh-user`. */
  given(option: string): string | undefined;
  /** Asks a person, again and again while something is wrong with the answer; absent where nobody can be asked. */
  ask?(question: string, rules: { initial?: string; wrong(answer: string): string | undefined }): Promise<string>;
  /** Lets a person choose one of several values; absent where nobody can be asked. */
  choose?(question: string, choices: readonly Choice[], initial?: string): Promise<string>;
  /** Questions with an initial answer are not asked; that answer is used. */
  acceptInitial: boolean;
}

/** One of several answers. */
export interface Choice {
  value: string;
  /** What it means, where the value does not say it. */
  meaning?: string;
}

interface Question {
  /** The option that answers it, without its dashes. */
  option: string;
  ask: string;
  /** The default without a prompt; if absent, the option is required. */
  initial?: string;
  /** Returns what is wrong with an answer. */
  wrong?: (value: string) => string | undefined;
  /** Further options that will be missing where this one is. */
  also?: readonly string[];
  /** Only an option answers it otherwise; there is no question. */
  known?: boolean;
  /** It is answered from a list. */
  choices?: readonly Choice[];
}

const folderPattern = /^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\p{Cc}]+$/u;
const isWhole = (value: string, min: number, max: number) =>
  /^\d{1,5}$/.test(value) && Number(value) >= min && Number(value) <= max
    ? undefined
    : `a whole number from ${min} to ${max}`;
const port = (value: string) => isWhole(value, 1, 65_535);

const environments: readonly Choice[] = [
  { value: 'local', meaning: 'the local cloud on this computer, to try it out' },
  { value: 'staging', meaning: 'on AWS' },
  { value: 'production', meaning: 'on AWS' },
];

/** Environments that are proposed, without those that a file has already. */
const proposed = (taken: readonly string[]) => environments.filter(({ value }) => !taken.includes(value));

/** Where the fleet is or is going to be: what has to be known before a running one can be read. */
export async function gatherPlace(
  interview: Interview,
  options: { usualRegion: string | undefined; taken?: readonly string[]; portKnown?: boolean },
): Promise<Pick<Answers, 'environment' | 'cloud' | 'region'>> {
  const { usualRegion, taken = [] } = options;
  const choices = proposed(taken);
  // A person tries it out first; a script that does not say anything means the real thing.
  const initial = interview.choose && !interview.acceptInitial ? choices[0]?.value : 'production';
  const environment = environmentName(
    await answer(interview, { option: 'env', ask: 'Which environment?', initial, choices }),
  );
  const cloud = environment === 'local' ? 'local' : 'aws';
  const region = await answer(interview, {
    option: 'region',
    ask: 'In which region?',
    initial: cloud === 'local' ? 'eu-west-1' : usualRegion,
    // Without the files of an app, its port is not known either.
    also: options.portKnown || interview.given('port') !== undefined ? [] : ['port'],
    known: cloud === 'local',
    wrong: (value) => (/^[a-z]{2}(-[a-z]+)+-[0-9]+$/.test(value) ? undefined : "a region such as 'eu-west-1'"),
  });
  return { environment, cloud, region };
}

/** The folder of the app in the repository. */
export function gatherSource(interview: Interview): Promise<string> {
  return answer(interview, {
    option: 'source',
    ask: 'In which folder of this repository is the app?',
    initial: '.',
    wrong: (value) => (folderPattern.test(value) ? undefined : 'a folder inside the repository, without ..'),
  });
}

const technologyChoices: readonly Choice[] = [
  { value: 'node', meaning: 'Node.js' },
  { value: 'python', meaning: 'in a virtual environment, with gunicorn or uvicorn' },
  { value: 'ruby', meaning: 'with Bundler and Puma' },
  { value: 'static', meaning: 'a site of files' },
  { value: 'binary', meaning: 'any program that listens on HOST and PORT' },
];

/** What the app is written in. @param seen What its files say. */
export async function gatherTechnology(interview: Interview, seen: Technology | undefined): Promise<Technology> {
  const answered = await answer(interview, {
    option: 'technology',
    ask: 'What is it written in?',
    initial: seen ?? 'node',
    choices: technologyChoices,
    wrong: (value) => (technologies.some((one) => one === value) ? undefined : `one of ${technologies.join(', ')}`),
  });
  return answered as Technology;
}

/** SSH user of the hosts of an environment. */
export function gatherUser(interview: Interview, { cloud }: Pick<Answers, 'cloud'>): Promise<string> {
  if (cloud === 'local') return Promise.resolve('admin');
  return answer(interview, { option: 'ssh-user', ask: 'As which user are hosts reached?', initial: 'admin' });
}

/** The other answers: from the running fleet, the options, or prompts. @throws usage errors that name the option */
export async function gatherRest(
  interview: Interview,
  about: Pick<Answers, 'app' | 'environment' | 'cloud' | 'region' | 'source' | 'technology'>,
  { running, stack }: { running?: RunningFleet; stack?: Stack },
): Promise<Answers> {
  const target = running?.targetGroup;
  const example = exampleStacks[about.technology];
  const { start, build, environment: variables = {} } = stack ?? example;
  const ask = (question: Question, known?: number | string) =>
    // What runs already is known; only an option says otherwise.
    known !== undefined && interview.given(question.option) === undefined
      ? Promise.resolve(String(known))
      : answer(interview, question);
  const line = (value: string) => (/[\p{Cc}]/u.test(value) ? 'one line' : undefined);
  const command = (value: string) => (value.trim() === '' ? 'a command' : line(value));
  const startLine = await ask({
    option: 'start',
    ask: 'Which command starts it? HOST and PORT are in its environment',
    initial: start,
    wrong: command,
  });
  const buildLine = await ask({
    option: 'build',
    ask: 'Which command installs and builds it in a fresh checkout? (- for none)',
    initial: build === '' ? '-' : build,
    wrong: line,
  });
  const migrate = await gatherMigration(interview, stack?.migrate);
  const servicePort = await ask(
    {
      option: 'port',
      ask: 'On which port does it answer on each host?',
      initial: stack === undefined ? undefined : String(stack.port),
      wrong: port,
    },
    target?.Port,
  );
  const healthPath = await ask(
    {
      option: 'health-path',
      ask: 'Which path answers 200 when it is able to work?',
      initial: stack === undefined ? '/health' : (stack.healthPath ?? '/'),
      wrong: (value) => (/^\/[^\s\p{Cc}]*$/u.test(value) ? undefined : 'a path that starts with /'),
    },
    target?.HealthCheckPath,
  );
  const local = about.cloud === 'local';
  const listenerPort = await ask(
    {
      option: 'listener-port',
      ask: 'On which port does the load balancer listen?',
      initial: local ? '8080' : '80',
      wrong: port,
    },
    running?.listenerPort,
  );
  const whole = (value: string) => isWhole(value, 0, 10_000);
  const min = await ask(
    { option: 'min', ask: 'How many instances at least?', initial: '2', wrong: whole },
    running?.group.min,
  );
  const max = await ask(
    { option: 'max', ask: 'How many at most?', initial: local ? '4' : '10', wrong: whole },
    running?.group.max,
  );
  const sshUser = await gatherUser(interview, about);
  return {
    ...about,
    start: startLine.trim(),
    build: buildLine.trim() === '-' ? '' : buildLine.trim(),
    variables,
    ...(migrate && { migrate }),
    port: Number(servicePort),
    healthPath,
    listenerPort: Number(listenerPort),
    min: Number(min),
    max: Number(max),
    sshUser,
    running,
  };
}

async function answer(
  interview: Interview,
  { option, ask, initial, known = false, choices, also = [], wrong = () => undefined }: Question,
): Promise<string> {
  const given = interview.given(option);
  if (given !== undefined) {
    const expected = wrong(given);
    if (expected === undefined) return given;
    throw usageError(`init.${option}`, `--${option} ${show(given)}: expected ${expected}`);
  }
  const asked = !known && !(interview.acceptInitial && initial !== undefined);
  if (asked && choices && choices.length > 0 && interview.choose) return interview.choose(ask, choices, initial);
  if (asked && interview.ask) {
    return interview.ask(ask, { ...(initial !== undefined && { initial }), wrong });
  }
  if (initial !== undefined && wrong(initial) === undefined) return initial;
  throw usageError(
    'init.missing',
    `missing answer: ${ask}`,
    `there is no terminal to ask on; answer it with ${[option, ...also].map((one) => `--${one}`).join(' and ')}`,
  );
}
