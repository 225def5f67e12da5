/**
 * Capabilities of root in a machine when the daemon itself is root, and so could lend it all. They are what packages,
 * services and logins need on the machine's own disk and processes. Missing on purpose: all that reaches the host's kernel,
 * devices, clock, network settings and mounts; raw sockets, as the network is the host's; ptrace, as what enters a
 * machine has all capabilities for a moment.
 */
const capabilities = [
  ...['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'SETFCAP'],
  ...['SETUID', 'SETGID', 'SETPCAP', 'SYS_CHROOT', 'KILL', 'NET_BIND_SERVICE', 'AUDIT_WRITE'],
];

/**
 * Parts of /proc whose files obey whoever has uid 0, without any capability: a machine may read them. bwrap itself leaves
 * /proc/sys writable when it runs as root (its folder forbids writing, the files in it do not).
 */
const readOnlyProc = ['sys', 'sysrq-trigger', 'irq', 'bus', 'fs', 'scsi', 'acpi'];

/** bwrap's flags that take from root in a machine what would reach the host; after those that mount /proc. */
export function confinementFlags(): string[] {
  return [
    ...readOnlyProc.flatMap((name) => ['--ro-bind-try', `/proc/${name}`, `/proc/${name}`]),
    ...['--cap-drop', 'ALL'],
    ...capabilities.flatMap((name) => ['--cap-add', `CAP_${name}`]),
  ];
}
