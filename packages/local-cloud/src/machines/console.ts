import { open } from 'node:fs/promises';

/** Bytes of a console that are shown, as EC2 keeps the last 64 KiB. */
const consoleLimit = 64 * 1024;
/** The host keys stand at the beginning of a boot's output; so much of the beginning is shown as well. */
const consoleHead = 8 * 1024;

/** What a machine's console has printed: all of it, or its beginning and its end. Empty when the machine never printed. */
export async function readConsole(path: string): Promise<string> {
  const file = await open(path).catch(() => undefined);
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const read = async (from: number, length: number) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from);
      return buffer.toString('utf8', 0, bytesRead);
    };
    if (size <= consoleLimit) return await read(0, size);
    const end = await read(size - consoleLimit + consoleHead, consoleLimit - consoleHead);
    return `${await read(0, consoleHead)}\n[...]\n${end}`;
  } finally {
    await file.close();
  }
}
