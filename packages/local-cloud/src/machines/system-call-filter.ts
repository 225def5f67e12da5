/** What the kernel calls a processor (AUDIT_ARCH_*), and the numbers there of the system calls that are looked at. */
interface Architecture {
  audit: number;
  /** Refused whole: key rings, which belong to a user and not to a sandbox; bpf; performance counters. */
  refused: number[];
  clone: number;
  unshare: number;
  /** First number of a second set of calls (x32), none of which is served. */
  second?: number;
}

const clone3 = 435;
const architectures: Partial<Record<NodeJS.Architecture, Architecture>> = {
  x64: { audit: 0xc000003e, refused: [248, 249, 250, 298, 321], clone: 56, unshare: 272, second: 0x40000000 },
  arm64: { audit: 0xc00000b7, refused: [217, 218, 219, 241, 280], clone: 220, unshare: 97 },
};

const newUserNamespace = 0x10000000;
const allow = 0x7fff0000;
const notPermitted = 0x00050000 + 1;
const notImplemented = 0x00050000 + 38;

// Offsets in the kernel's `struct seccomp_data`, both processors being little-endian.
const callNumber = 0;
const callArchitecture = 4;
const firstArgument = 16;

/**
 * A seccomp program, as bwrap's `--seccomp` reads it, for machines whose root is the host's uid 0. It refuses user namespaces: root of a
 * new one has every capability in it, may mount the control groups of its host there, and end all that shares the daemon's.
 * clone3 is "not implemented", as its flags are out of a filter's sight; C libraries then call clone.
 * @returns undefined for a processor whose system calls are not listed here
 */
export function systemCallFilter(processor: NodeJS.Architecture = process.arch): Buffer | undefined {
  const architecture = architectures[processor];
  if (!architecture) return undefined;
  const { audit, refused, clone, unshare, second } = architecture;
  return Buffer.concat([
    load(callArchitecture),
    unless(equal, audit, [answer(notImplemented)]),
    load(callNumber),
    ...(second === undefined ? [] : [when(atLeast, second, [answer(notImplemented)])]),
    ...refused.map((number) => when(equal, number, [answer(notPermitted)])),
    when(equal, clone3, [answer(notImplemented)]),
    ...[clone, unshare].map((number) =>
      when(equal, number, [load(firstArgument), when(anyBit, newUserNamespace, [answer(notPermitted)]), answer(allow)]),
    ),
    answer(allow),
  ]);
}

// Classic BPF: BPF_LD|BPF_W|BPF_ABS, BPF_RET|BPF_K, and BPF_JMP|BPF_K with its comparisons.
const equal = 0x15;
const atLeast = 0x35;
const anyBit = 0x45;

function instruction(code: number, value: number, ifTrue = 0, ifFalse = 0): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(ifTrue, 2);
  bytes.writeUInt8(ifFalse, 3);
  bytes.writeUInt32LE(value, 4);
  return bytes;
}

const load = (offset: number) => instruction(0x20, offset);
const answer = (value: number) => instruction(0x06, value);

function when(comparison: number, value: number, body: Buffer[]): Buffer {
  const block = Buffer.concat(body);
  return Buffer.concat([instruction(comparison, value, 0, block.length / 8), block]);
}

function unless(comparison: number, value: number, body: Buffer[]): Buffer {
  const block = Buffer.concat(body);
  return Buffer.concat([instruction(comparison, value, block.length / 8, 0), block]);
}
