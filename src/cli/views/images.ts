import type { ImageStatus } from '../../retention/read-images.ts';
import { instantOf } from '../../shared/instant.ts';
import { columns } from './table.ts';
import { type Colors, shortTime } from './text.ts';

/** The table of `pipeline images`. @param now milliseconds since the epoch */
export function renderImages(
  fleet: { app: string; environment: string; region: string },
  images: readonly ImageStatus[],
  now: number,
  colors: Colors,
): string {
  if (images.length === 0) {
    return `no golden images of ${fleet.app} in ${fleet.environment} yet; the first comes with: pipeline release ${fleet.app}\n`;
  }
  const rows = images.map((image) => [
    image.version,
    image.imageId || image.snapshotIds.join(', '),
    image.retiredAt ? 'retired' : image.state,
    image.commit.slice(0, 12),
    age(image.createdAt, now),
    `${image.sizeGb} GB`,
    notes(image, fleet.region),
  ]);
  const table = columns(['version', 'image', 'state', 'commit', 'age', 'size', 'what'], rows, colors);
  return `${[table, ...totals(fleet.app, images)].join('\n')}\n`;
}

/** What a person wants to know of it, the weightiest first. */
function notes(image: ImageStatus, home: string): string {
  const said = [
    image.region === home ? '' : `in ${image.region}`,
    image.knownGood ? 'known-good' : image.state === 'gone' ? 'snapshot without an image' : image.kind,
    image.projectCommit && image.projectCommit !== image.commit ? `plays of ${image.projectCommit.slice(0, 12)}` : '',
    image.rolledBackAt ? `rolled back at ${shortTime(image.rolledBackAt)}` : '',
    image.inUse ? `in use: ${image.usedBy.join(', ')}` : '',
    image.pinned ? `pinned${image.pin?.by ? ` by ${image.pin.by}` : ''}` : '',
    image.pin?.reason ? `"${image.pin.reason}"` : '',
    fate(image),
  ];
  return said.filter(Boolean).join(', ');
}

/** What the next prune does with it, where that is not plain. */
function fate(image: ImageStatus): string {
  if (image.retiredAt && image.keptBecause.length > 0) return 'needed again: the next prune restores it';
  if (image.removableFrom) return `may be deleted from ${shortTime(image.removableFrom)}`;
  return image.keptBecause.length === 0 ? 'not kept' : '';
}

function totals(app: string, images: readonly ImageStatus[]): string[] {
  const orphans = images.filter((image) => image.keptBecause.length === 0);
  const lines = [`all: ${cost(images)}`];
  if (orphans.length > 0) {
    lines.push(`not kept: ${cost(orphans)}; to delete it: pipeline images ${app} prune`);
  }
  return lines;
}

function cost(images: readonly ImageStatus[]): string {
  const gb = images.reduce((sum, image) => sum + image.sizeGb, 0);
  const usd = images.reduce((sum, image) => sum + image.monthlyCost, 0);
  return `${gb} GB, at most ${usd.toFixed(2)} USD a month`;
}

/** `3 d`, `5 h`, `12 min`: as much as tells how old something is. */
function age(iso: string, now: number): string | undefined {
  const minutes = Math.floor((now - instantOf(iso)) / 60_000);
  if (Number.isNaN(minutes)) return undefined;
  if (minutes < 60) return `${Math.max(0, minutes)} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / (24 * 60))} d`;
}
