import type { BaseReport, BaseStatus } from '../../base-image/read.ts';
import { columns } from './table.ts';
import { type Colors, oneLine } from './text.ts';

/** The tables of `pipeline base status`, one for each app. */
export function renderBase(reports: readonly BaseReport[], colors: Colors): string {
  return reports
    .map(({ app, environment, images, warnings }) =>
      [
        colors.bold(`${app} in ${environment}`),
        images.length === 0
          ? 'no base images'
          : columns(['base', 'image', 'age', 'on', 'what'], images.map(row), colors),
        ...warnings.map((text) => colors.yellow(`warning: ${oneLine(text)}`)),
        '',
      ].join('\n'),
    )
    .join('\n');
}

function row({ name, imageId, state, ageDays, source, current, releases }: BaseStatus): (string | undefined)[] {
  const what = [
    current ? 'new fleets start from it' : '',
    state === 'available' ? '' : state,
    releases.length > 0 ? `below ${releases.join(', ')}` : '',
  ];
  return [
    name,
    imageId,
    ageDays === null ? undefined : `${ageDays} d`,
    source ?? undefined,
    what.filter(Boolean).join('; '),
  ];
}
