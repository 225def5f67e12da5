const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user has no permission',
  EPERM: 'this user has no permission',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of that path is a file',
  EISDIR: 'it is a folder',
  ELOOP: 'its symbolic links go in circles',
  ENAMETOOLONG: 'the path is too long',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
};

/**
 * Why the file system refused something, where that is a matter of the machine and not of the program: permissions, space, a folder
 * that is a file.
 * @returns the reason in words; undefined for any other error
 */
export function fileErrorReason(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code = '', syscall } = error as NodeJS.ErrnoException;
  return syscall !== undefined && Object.hasOwn(reasons, code) ? reasons[code] : undefined;
}
