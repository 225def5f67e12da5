const key = /((?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp(?:256|384|521))) (AAAA[0-9A-Za-z+/]{20,}={0,3})/;
const begin = '-----BEGIN SSH HOST KEY KEYS-----';
const end = '-----END SSH HOST KEY KEYS-----';

/**
 * The host keys that cloud-init printed on the console when it last created keys; undefined until the block is
 * complete. Lines may carry a logger's prefix. Each key is `<type> <base64>`.
 */
export function keysFromConsole(output: string | undefined): string[] | undefined {
  if (!output) return undefined;
  const finish = output.lastIndexOf(end);
  const start = output.lastIndexOf(begin, finish);
  if (finish < 0 || start < 0) return undefined;
  const keys = output
    .slice(start + begin.length, finish)
    .split('\n')
    .flatMap((line) => {
      const found = key.exec(line);
      return found ? [`${found[1]} ${found[2]}`] : [];
    });
  return keys.length > 0 ? keys : undefined;
}

/**
 * known_hosts lines under the pipeline's own name (`HostKeyAlias`), so that a reused address is never mistaken for
 * another host.
 */
export function knownHostsFile(alias: string, keys: readonly string[]): string {
  return keys.map((entry) => `${alias} ${entry}\n`).join('');
}
