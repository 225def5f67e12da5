/** The parts of an `Authorization` header of Signature Version 4. */
export interface Authorization {
  accessKeyId: string;
  /** `YYYYMMDD`. */
  date: string;
  region: string;
  service: string;
  /** Lower case, in the order given. */
  signedHeaders: string[];
  /** 64 hexadecimal digits. */
  signature: string;
}

const pattern = /^AWS4-HMAC-SHA256\s+(.+)$/;

/** Reads the header; undefined when it is not a complete Signature Version 4. */
export function parseAuthorization(header: string): Authorization | undefined {
  const fields = new Map<string, string>();
  for (const part of (pattern.exec(header)?.[1] ?? '').split(',')) {
    const at = part.indexOf('=');
    fields.set(part.slice(0, at).trim(), part.slice(at + 1).trim());
  }
  const scope = (fields.get('Credential') ?? '').split('/');
  const [date = '', region = '', service = '', terminator] = scope.slice(-4);
  const accessKeyId = scope.slice(0, -4).join('/');
  const signature = fields.get('Signature') ?? '';
  const signedHeaders = (fields.get('SignedHeaders') ?? '').toLowerCase().split(';').filter(Boolean);
  if (accessKeyId === '' || terminator !== 'aws4_request' || signedHeaders.length === 0) return undefined;
  if (!/^[0-9a-f]{64}$/.test(signature)) return undefined;
  return { accessKeyId, date, region, service, signedHeaders, signature };
}

/** The time a request was signed at, from `x-amz-date` (`YYYYMMDDTHHMMSSZ`) or `date`; undefined when neither can be read. */
export function signedAt(headers: NodeJS.Dict<string[]>): { at: number; basic: string } | undefined {
  const text = headers['x-amz-date']?.[0] ?? headers.date?.[0] ?? '';
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  const [, year, month, day, hour, minute, second] = parts ?? [];
  const at = Date.parse(parts ? `${year}-${month}-${day}T${hour}:${minute}:${second}Z` : text);
  if (Number.isNaN(at)) return undefined;
  const iso = new Date(at).toISOString();
  return { at, basic: parts ? text : `${iso.slice(0, 19).replace(/[-:]/g, '')}Z` };
}
