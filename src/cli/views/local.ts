import type { ConfigurationOutcome } from '../../provision/configure-fleet.ts';
import { type Colors, oneLine } from './text.ts';

/** What `local up --json` prints. */
export interface LocalCloudDocument {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  loadBalancers: { app: string; url: string }[];
  /** Fleets whose configuration has changed, or differs from their pipelines file; empty when all is as it should be. */
  configuration: ConfigurationOutcome[];
}

/** The same for people: where everything is and what to do next. Other tools get their settings from `--json`. */
export function renderLocalCloud(cloud: LocalCloudDocument, colors: Colors): string {
  const rows: [string, string][] = [
    ['endpoint', cloud.endpoint],
    ['region', cloud.region],
    ...cloud.loadBalancers.map(({ app, url }): [string, string] => [app, url]),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `${colors.bold(name.padEnd(width))}  ${value}`);
  const first = cloud.loadBalancers[0];
  if (first) lines.push(`${colors.cyan('next:')} pipeline release ${first.app} --env local`);
  return `${lines.join('\n')}\n`;
}

/** What became of the configuration of a fleet, a line each; nothing where all is as the file says. */
export function renderConfiguration({ app, environment, applied, open, postponed }: ConfigurationOutcome): string[] {
  const about = `${app} in ${environment}`;
  return [
    ...applied.map(({ setting, now, file, resources }) =>
      oneLine(`${about}: ${setting} changed from ${now} to ${file} (${resources.join(', ')})`),
    ),
    ...(postponed === null ? [] : [oneLine(`${about}: nothing was changed: ${postponed}`)]),
    ...open.flatMap(({ message, fix }) => [
      oneLine(`${about}: ${message}`),
      // Until it can be applied, its fix is what it waits for.
      ...(postponed === null ? [`  ${oneLine(`fix: ${fix}`)}`] : []),
    ]),
    ...(postponed !== null && open.length > 0 ? ['  fix: afterwards: pipeline local up'] : []),
  ];
}
