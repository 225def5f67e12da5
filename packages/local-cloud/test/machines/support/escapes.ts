/** Where an attempt to leave a machine would have left its mark on the host, or what it would have to see. */
export interface Targets {
  /** A file of the host that no machine has. */
  marker: string;
  /** A word that only processes outside of the machine have among their arguments. */
  word: string;
  /** SHA-256 of the host's /etc/shadow. */
  shadow: string;
  /** A block device of the host: major and minor number. */
  disk: [major: number, minor: number];
  /** The name of the file that is written to the host's /usr. */
  planted: string;
}

/** System calls that no program of a bare machine makes, by number. */
const calls = {
  x64: { init_module: 175, bpf: 321, keyctl: 250, handleOf: 303, openHandle: 304, perf: 298, swapon: 167 },
  arm64: {
    init_module: 105,
    bpf: 280,
    keyctl: 219,
    handleOf: 264,
    openHandle: 265,
    perf: 241,
    swapon: 224,
    reboot: 142,
  },
};

/** Ways out of a machine for its root: shell commands that succeed only where the way is open. Harmless where it is. */
export function escapes({ marker, word, shadow, disk, planted }: Targets): Record<string, string> {
  const nr = process.arch === 'arm64' ? calls.arm64 : calls.x64;
  const perl = (code: string) => `perl -e '${code}'`;
  const plant = `touch /usr/${planted}`;
  const rewrite = (file: string) => `old=$(cat ${file}) && printf '%s\\n' "$old" > ${file}`;
  // Making the node counts already: whether it may be opened is for the host's control groups to say.
  const device = (type: 'b' | 'c', [major, minor]: [number, number]) =>
    `mknod "$(mktemp -u)" ${type} ${major} ${minor}`;
  const nested = (command: string) => `unshare --user --map-root-user --mount --cgroup sh -c '${command}'`;
  return {
    'write to /usr': plant,
    'remount /usr writable': `mount -o remount,rw,bind /usr && ${plant}`,
    'bind /usr elsewhere, writable': `mkdir -p /mnt/u && mount --bind /usr /mnt/u && mount -o remount,rw,bind /mnt/u && touch /mnt/u/${planted}`,
    'remount /usr writable in a user namespace': nested(`mount -o remount,rw,bind /usr && ${plant}`),
    'mount a tmpfs': 'mkdir -p /mnt/t && mount -t tmpfs x /mnt/t',
    'make a mount namespace': 'unshare --mount true',
    'make a user namespace': 'unshare --user true',
    'make a user namespace by clone': 'unshare --user --fork true',
    'make a device node of the disk': device('b', disk),
    'make a device node of the memory': device('c', [1, 1]),
    'make a device node of the kernel log': device('c', [1, 11]),
    'make a device node of FUSE': device('c', [10, 229]),
    'open /dev/mem': 'head -c 1 /dev/mem',
    'open /proc/kcore': 'head -c 1 /proc/kcore | grep -q .',
    'open /proc/kmsg': 'timeout 1 head -c 1 /proc/kmsg | grep -q .',
    'write kernel.printk': rewrite('/proc/sys/kernel/printk'),
    'write kernel.core_pattern': rewrite('/proc/sys/kernel/core_pattern'),
    'write vm.swappiness': rewrite('/proc/sys/vm/swappiness'),
    'write kernel.printk without the mount over it': `umount /proc/sys; ${rewrite('/proc/sys/kernel/printk')}`,
    'write kernel.printk by another /proc': `mkdir -p /mnt/c && mount -t proc x /mnt/c && ${rewrite('/mnt/c/sys/kernel/printk')}`,
    'trigger a magic key': 'echo h > /proc/sysrq-trigger',
    'mount sysfs': 'mount -t sysfs x /sys && test -w /sys/kernel/uevent_helper -o -d /sys/kernel',
    'mount control groups': nested('mount -t cgroup2 x /mnt && test -w /mnt/cgroup.procs'),
    'mount control groups of the first version': 'mkdir -p /mnt/g && mount -t cgroup -o memory x /mnt/g',
    'load a module': 'modprobe dummy && grep -q ^dummy /proc/modules',
    // An error beyond the check of privileges (ENOEXEC, EINVAL and the like) counts as open. Perl passes no literal text on.
    'load a module by its image': perl(
      `$s = "x" x 128; syscall(${nr.init_module}, $s, 128, $s); exit($!{EPERM} || $!{ENOSYS} ? 1 : 0)`,
    ),
    'call bpf': perl(`$s = "\\0" x 128; syscall(${nr.bpf}, 0, $s, 128); exit($!{EPERM} || $!{ENOSYS} ? 1 : 0)`),
    'use a key ring': perl(`syscall(${nr.keyctl}, 0, -4, 1) == -1 and exit 1`),
    'count events of the host': perl(
      `$s = "\\0" x 128; syscall(${nr.perf}, $s, -1, 0, -1, 0); exit($!{EPERM} || $!{EACCES} ? 1 : 0)`,
    ),
    'open a file by its number': perl(
      `$h = pack("I i", 128, 0) . "\\0" x 128; $m = "\\0" x 8; $f = "/etc/hosts"; syscall(${nr.handleOf}, -100, $f, $h, $m, 0) == -1 and exit 1; open(R, "<", "/etc/hosts"); syscall(${nr.openHandle}, fileno(R), $h, 0) == -1 and exit 1`,
    ),
    'add swap': perl(`$s = "/etc/hosts"; syscall(${nr.swapon}, $s, 0); exit($!{EPERM} ? 1 : 0)`),
    'set the clock': 'date --set="@$(date +%s)"',
    'see a process outside': `cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -q '${word.slice(0, 4)}[${word.slice(4, 5)}]${word.slice(5)}'`,
    "enter the host's namespaces": `nsenter --target 1 --mount --uts --ipc --net --pid test -e ${marker}`,
    'see a file of the host': `test -e ${marker}`,
    "see a file of the host behind the init's root": `test -e /proc/1/root${marker} -o -e /proc/1/cwd${marker}`,
    "read the host's passwords": `sha256sum /etc/shadow | grep -q ${shadow}`,
    'leave by chroot': perl(
      `mkdir "/mnt/r"; opendir(D, "/"); chroot "/mnt/r" or exit 1; chdir(*D) or exit 1; chdir ".." for 1 .. 64; chroot "."; exit(-e "${marker}" ? 0 : 1)`,
    ),
    'open a packet socket': perl('socket(S, 17, 3, 0x0300) or exit 1'),
    'open a raw socket': perl('socket(S, 2, 3, 1) or exit 1'),
    'add an address': 'ip address add 127.254.254.254/32 dev lo && ip address del 127.254.254.254/32 dev lo',
    'add a route': 'ip route add blackhole 198.51.100.7 && ip route del blackhole 198.51.100.7',
    'list the packet filter': 'iptables -S || nft list ruleset',
    // The last, as nothing else works behind them.
    'change to another root': 'mkdir -p /mnt/p && mount --bind / /mnt/p && cd /mnt/p && pivot_root . .',
    'take away the mount over /usr': 'umount -l /usr',
  };
}

/** A script that tries each way and prints `open: NAME` or `shut: NAME`. */
export function escapeScript(ways: Record<string, string>): string {
  const tries = Object.entries(ways).map(
    ([name, command]) =>
      `if (\n${command}\n) > /dev/null 2>&1 < /dev/null; then echo "open: ${name}"; else echo "shut: ${name}"; fi`,
  );
  return ['#!/bin/sh', ...tries, ''].join('\n');
}
