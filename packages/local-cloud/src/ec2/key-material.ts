import { createHash, createPublicKey, generateKeyPair as generate, type KeyObject, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

const generateKeyPair = promisify(generate);

/** A key pair as EC2 hands it out. */
export interface KeyMaterial {
  /** One authorized_keys line. */
  publicKey: string;
  /** PEM: PKCS#1 for rsa, OpenSSH's own format for ed25519. */
  privateKey: string;
  fingerprint: string;
}

export type KeyType = 'rsa' | 'ed25519';

/** Makes a key pair whose private key `ssh -i` reads. */
export async function makeKeyPair(type: KeyType, comment: string): Promise<KeyMaterial> {
  if (type === 'ed25519') {
    const { publicKey, privateKey } = await generateKeyPair('ed25519');
    const blob = ed25519Blob(raw(publicKey, 'x'));
    return {
      publicKey: line('ssh-ed25519', blob, comment),
      privateKey: opensshPrivateKey(raw(publicKey, 'x'), raw(privateKey, 'd'), comment),
      fingerprint: sha256(blob),
    };
  }
  const { publicKey, privateKey } = await generateKeyPair('rsa', { modulusLength: 2048 });
  const blob = Buffer.concat([text('ssh-rsa'), integer(raw(publicKey, 'e')), integer(raw(publicKey, 'n'))]);
  const der = privateKey.export({ type: 'pkcs8', format: 'der' });
  return {
    publicKey: line('ssh-rsa', blob, comment),
    privateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    // EC2's fingerprint of a key that it has made: SHA-1 of the private key's PKCS#8 DER.
    fingerprint: colons(createHash('sha1').update(der).digest('hex')),
  };
}

/**
 * Reads an authorized_keys line, or the same key in the format of RFC 4716; undefined when it is not an rsa or ed25519 public key.
 * The fingerprint is EC2's of imported keys: MD5 of the public key's DER for rsa, SHA-256 for ed25519.
 */
export function readPublicKey(input: string): { type: KeyType; publicKey: string; fingerprint: string } | undefined {
  const [name, base64 = '', ...comment] = (fromRfc4716(input) ?? input).trim().split(/\s+/);
  if (input.trim().includes('\n') && !fromRfc4716(input)) return undefined;
  if (name !== 'ssh-rsa' && name !== 'ssh-ed25519') return undefined;
  const blob = Buffer.from(base64, 'base64');
  if (!blob.subarray(0, 4 + name.length).equals(text(name)) || blob.length < 32) return undefined;
  const publicKey = [name, base64, ...comment].join(' ');
  if (name === 'ssh-ed25519') return { type: 'ed25519', publicKey, fingerprint: sha256(blob) };
  const der = rsaDer(blob);
  return der && { type: 'rsa', publicKey, fingerprint: colons(createHash('md5').update(der).digest('hex')) };
}

/** The authorized_keys line of a key between the marks of RFC 4716, without its headers (which a backslash continues). */
function fromRfc4716(input: string): string | undefined {
  const [, inner] =
    /^---- BEGIN SSH2 PUBLIC KEY ----\r?\n([\s\S]+?)\r?\n---- END SSH2 PUBLIC KEY ----$/.exec(input.trim()) ?? [];
  if (inner === undefined) return undefined;
  const lines = inner.replace(/\\\r?\n/g, '').split(/\r?\n/);
  const base64 = lines.filter((line) => !line.includes(':')).join('');
  const blob = Buffer.from(base64, 'base64');
  const length = blob.length >= 4 ? blob.readUInt32BE(0) : 0;
  const name = blob.subarray(4, 4 + length).toString('latin1');
  return `${name} ${base64}`;
}

/** A public key of SSH (exponent, then modulus) as DER; undefined when it is damaged. */
function rsaDer(blob: Buffer): Buffer | undefined {
  try {
    const parts: Buffer[] = [];
    for (let at = 0; at < blob.length; ) {
      const end = at + 4 + blob.readUInt32BE(at);
      if (end > blob.length) return undefined;
      parts.push(blob.subarray(at + 4, end));
      at = end;
    }
    const [, e, n] = parts;
    if (!e || !n || parts.length !== 3) return undefined;
    const unsigned = (part: Buffer) => (part[0] === 0 ? part.subarray(1) : part).toString('base64url');
    const key = createPublicKey({ key: { kty: 'RSA', e: unsigned(e), n: unsigned(n) }, format: 'jwk' });
    return key.export({ type: 'spki', format: 'der' });
  } catch {
    return undefined;
  }
}

/** The format of `ssh-keygen`: OpenSSH does not read an ed25519 key in PKCS#8. See PROTOCOL.key of OpenSSH. */
function opensshPrivateKey(publicKey: Buffer, seed: Buffer, comment: string): string {
  const check = randomBytes(4);
  const secret = [
    check,
    check,
    text('ssh-ed25519'),
    bytes(publicKey),
    bytes(Buffer.concat([seed, publicKey])),
    text(comment),
  ];
  const length = secret.reduce((sum, part) => sum + part.length, 0);
  const padding = Buffer.from(Array.from({ length: (8 - (length % 8)) % 8 }, (_, i) => i + 1));
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    text('none'),
    text('none'),
    text(''),
    Buffer.from([0, 0, 0, 1]),
    bytes(ed25519Blob(publicKey)),
    bytes(Buffer.concat([...secret, padding])),
  ]);
  const lines = body.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n');
}

function ed25519Blob(publicKey: Buffer): Buffer {
  return Buffer.concat([text('ssh-ed25519'), bytes(publicKey)]);
}

function line(name: string, blob: Buffer, comment: string): string {
  return `${name} ${blob.toString('base64')} ${comment}`;
}

function raw(key: KeyObject, part: 'x' | 'd' | 'e' | 'n'): Buffer {
  return Buffer.from(String(key.export({ format: 'jwk' })[part]), 'base64url');
}

/** An SSH string: its length in four bytes, then itself. */
function bytes(content: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}

function text(content: string): Buffer {
  return bytes(Buffer.from(content));
}

/** An SSH mpint: a leading zero keeps a number with its top bit set positive. */
function integer(content: Buffer): Buffer {
  return bytes((content[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), content]) : content);
}

function sha256(blob: Buffer): string {
  return createHash('sha256').update(blob).digest('base64');
}

function colons(hex: string): string {
  return (hex.match(/../g) ?? []).join(':');
}
