import { invalidValue } from '../errors.ts';

/** What a volume's kind allows: GiB, I/O operations a second, MiB a second (EBS user guide, volume types). */
interface Kind {
  gib: [least: number, most: number];
  iops?: [least: number, most: number];
  /** Whether iops must be given. */
  provisioned?: true;
  throughput?: [least: number, most: number];
}

const kinds: Record<string, Kind> = {
  standard: { gib: [1, 1024] },
  gp2: { gib: [1, 16_384] },
  gp3: { gib: [1, 65_536], iops: [3000, 80_000], throughput: [125, 2000] },
  io1: { gib: [4, 16_384], iops: [100, 64_000], provisioned: true },
  io2: { gib: [4, 65_536], iops: [100, 256_000], provisioned: true },
  st1: { gib: [125, 16_384] },
  sc1: { gib: [125, 16_384] },
};

export interface VolumeSettings {
  gib: number;
  type: string;
  iops?: number;
  throughput?: number;
}

/**
 * The settings of a volume with what its kind gives by itself.
 * @throws CloudError `InvalidParameterValue` and the like for what its kind has not
 */
export function readSettings(asked: { gib: number; type: string; iops?: number; throughput?: number }): VolumeSettings {
  const { gib, type, iops, throughput } = asked;
  const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (!kind) throw invalidValue(`Value (${type}) for parameter volumeType is invalid. Unknown volume type.`);
  within('volumeSize', gib, kind.gib, type);
  if (iops !== undefined) within('iops', iops, kind.iops, type);
  else if (kind.provisioned) throw invalidValue(`The parameter iops must be specified for ${type} volumes.`);
  if (throughput !== undefined) within('throughput', throughput, kind.throughput, type);
  return {
    gib,
    type,
    iops: iops ?? usualIops(type, gib),
    throughput: type === 'gp3' ? (throughput ?? 125) : undefined,
  };
}

/** gp2 has 3 a second for each GiB, 100 at the least; the magnetic kinds tell none. */
function usualIops(type: string, gib: number): number | undefined {
  if (type === 'gp3') return 3000;
  return type === 'gp2' ? Math.min(16_000, Math.max(100, gib * 3)) : undefined;
}

function within(name: string, value: number, range: [number, number] | undefined, type: string): void {
  if (!range) throw invalidValue(`The parameter ${name} is not supported for ${type} volumes.`);
  const [least, most] = range;
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw invalidValue(
    `Value (${value}) for parameter ${name} is invalid: from ${least} to ${most} for ${type} volumes.`,
  );
}
