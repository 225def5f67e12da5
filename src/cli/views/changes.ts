import { describeBaseChange } from '../../changes/base.ts';
import type { Changes, Side } from '../../changes/read-changes.ts';
import { type Colors, oneLine, shortTime } from './text.ts';

/** So many commits and files are listed; `--json` has all that were read. */
const [listedCommits, listedPaths] = [50, 30];

/** `pipeline diff`: commits, files and what else a person has to know before a release. */
export function renderChanges(changes: Changes, colors: Colors): string {
  const { app, environment, from, to, commits, removed, cut, paths, migrations, irreversible, project, base } = changes;
  const lines = [
    colors.bold(`${app} in ${environment}: ${sideText(from)} -> ${sideText(to)}`),
    ...commitLines(`${countOf(commits.length, cut)} that ${nameOf(from)} does not have`, commits, colors),
    ...(removed.length > 0
      ? commitLines(`${countOf(removed.length, cut)} of ${nameOf(from)} that would be gone`, removed, colors)
      : []),
    ...pathLines('files of the app', paths),
    ...migrations.map((path) => `${colors.yellow('migration')}  ${oneLine(path)}`),
    ...(irreversible === null ? [] : [`${colors.yellow('irreversible')}  ${oneLine(irreversible)}`]),
    ...(project === null
      ? ['roles and configuration: not known, as a commit of the project is not']
      : pathLines('roles and configuration', project)),
    ...(base === null ? [] : [oneLine(describeBaseChange(base))]),
  ];
  return `${lines.join('\n')}\n`;
}

const nameOf = ({ version, ref, commit }: Side): string => version ?? oneLine(ref ?? commit.slice(0, 12));

const sideText = (side: Side): string => `${nameOf(side)} (${side.commit.slice(0, 12)})`;

const countOf = (count: number, cut: boolean): string =>
  `${count}${cut ? ' or more' : ''} ${count === 1 ? 'commit' : 'commits'}`;

function commitLines(title: string, commits: Changes['commits'], colors: Colors): string[] {
  if (commits.length === 0) return [title];
  const shown = commits.slice(0, listedCommits).map(({ commit, subject, author, at, url }) => {
    const link = url === null ? '' : `  ${url}`;
    return `  ${colors.yellow(commit.slice(0, 12))}  ${shortTime(at)}  ${oneLine(author)}: ${oneLine(subject)}${link}`;
  });
  return [`${title}:`, ...shown, ...more(commits.length - listedCommits)];
}

const marks = { added: '+', changed: '~', deleted: '-' } as const;

function pathLines(title: string, paths: Changes['paths']): string[] {
  if (paths.length === 0) return [`${title}: no change`];
  const shown = paths.slice(0, listedPaths).map(({ how, path }) => `  ${marks[how]} ${oneLine(path)}`);
  return [`${title}: ${paths.length} changed`, ...shown, ...more(paths.length - listedPaths)];
}

const more = (count: number): string[] => (count > 0 ? [`  and ${count} more: --json`] : []);
