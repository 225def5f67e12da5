import type { ImageStatus } from '../../operations/read-images.ts';
import { columns } from './table.ts';
import { type Colors, shortTime } from './text.ts';

/** The table of `pipeline images`. */
export function renderImages(
  fleet: { app: string; environment: string },
  images: readonly ImageStatus[],
  colors: Colors,
): string {
  if (images.length === 0) {
    return `no golden images of ${fleet.app} in ${fleet.environment} yet; the first comes with: pipeline release ${fleet.app}\n`;
  }
  const rows = images.map((image) => [
    image.version,
    image.imageId,
    image.state,
    image.commit?.slice(0, 12),
    image.createdAt ? shortTime(image.createdAt) : undefined,
    [image.inUse ? 'in use' : '', image.pinned ? 'pinned' : ''].filter(Boolean).join(', '),
  ]);
  return `${columns(['version', 'image', 'state', 'commit', 'created', ''], rows, colors)}\n`;
}
