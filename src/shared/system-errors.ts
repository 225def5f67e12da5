/** A refusal of the operating system as text, with its fix. */
export interface SystemError {
  code: string;
  message: string;
  fix: string;
  /** The text for the refusal alone. */
  reason: string;
}

/** Errors of this computer or its files that are not defects; see errno(3). A missing file is not among them. */
const known: Record<string, { words: string; fix(where: string): string }> = {
  EACCES: { words: 'permission denied', fix: rights },
  EPERM: { words: 'not permitted', fix: rights },
  EROFS: {
    words: 'the file system is read-only',
    fix: (where) => `use a folder that can be written to, or mount it so: findmnt --target ${where}`,
  },
  ENOSPC: { words: 'no space is left', fix: space },
  EDQUOT: { words: "this user's disk quota is used up", fix: space },
  EFBIG: { words: 'the file would be larger than is allowed', fix: () => 'raise the limit: ulimit -f unlimited' },
  EMFILE: { words: 'too many files are open', fix: () => 'raise the limit of open files: ulimit -n 4096' },
  ENFILE: { words: 'too many files are open on this computer', fix: () => 'end what opens them: lsof' },
  EEXIST: { words: 'it is there already', fix: (where) => `move it away: ${where}` },
  EISDIR: { words: 'it is a folder, not a file', fix: (where) => `move it away: ${where}` },
  ENOTDIR: { words: 'a part of the path is a file, not a folder', fix: (where) => `see which one: namei ${where}` },
  ELOOP: { words: 'its symbolic links lead round in a circle', fix: (where) => `see where: namei ${where}` },
  ENAMETOOLONG: { words: 'the name is too long', fix: () => 'use a shorter one' },
  EIO: { words: 'the disk cannot be read or written', fix: () => 'look at what the kernel says: dmesg' },
};

/** A failed system call of that kind; undefined for any other exception. */
export function readSystemError(error: unknown): SystemError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code = '', syscall, path, dest } = error as NodeJS.ErrnoException & { dest?: string };
  const { words, fix } = known[code] ?? {};
  if (words === undefined || fix === undefined || syscall === undefined) return undefined;
  const what = path === undefined ? '' : ` ${path}${dest === undefined ? '' : ` to ${dest}`}`;
  return {
    code: `system.${code.toLowerCase()}`,
    message: `cannot ${syscall}${what}: ${words}`,
    fix: fix(dest ?? path ?? '.'),
    reason: words,
  };
}

function rights(where: string): string {
  return `give this user the right to it, or run the command as the user who has it: ls -ld ${where}`;
}

function space(where: string): string {
  return `make room, then run the command again: df -h ${where === '.' ? '/tmp' : where}`;
}
