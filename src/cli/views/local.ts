import type { Colors } from './text.ts';

/** What `local up --json` prints. */
export interface LocalCloudDocument {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  loadBalancers: { app: string; url: string }[];
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
