import type { SslPolicy } from '@aws-sdk/client-elastic-load-balancing-v2';

/** Ciphers of TLS 1.3, and those of older protocols from the strictest to the most lenient set (user guide, security policies). */
const tls13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];
const forwardSecretGcm = pairs(['AES128-GCM-SHA256', 'AES256-GCM-SHA384']);
const forwardSecret = pairs(['AES128-GCM-SHA256', 'AES128-SHA256', 'AES256-GCM-SHA384', 'AES256-SHA384']);
const forwardSecretSha = pairs([
  ...['AES128-GCM-SHA256', 'AES128-SHA256', 'AES128-SHA'],
  ...['AES256-GCM-SHA384', 'AES256-SHA384', 'AES256-SHA'],
]);
const rsa = ['AES128-GCM-SHA256', 'AES128-SHA256', 'AES256-GCM-SHA384', 'AES256-SHA256'];
const rsaSha = ['AES128-GCM-SHA256', 'AES128-SHA256', 'AES128-SHA', 'AES256-GCM-SHA384', 'AES256-SHA256', 'AES256-SHA'];

const policies: readonly [name: string, protocols: string, ciphers: readonly string[]][] = [
  ['ELBSecurityPolicy-2016-08', 'TLSv1 TLSv1.1 TLSv1.2', [...forwardSecretSha, ...rsaSha]],
  ['ELBSecurityPolicy-TLS13-1-2-2021-06', 'TLSv1.2 TLSv1.3', [...tls13, ...forwardSecret]],
  ['ELBSecurityPolicy-TLS13-1-2-Res-2021-06', 'TLSv1.2 TLSv1.3', [...tls13, ...forwardSecretGcm]],
  ['ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06', 'TLSv1.2 TLSv1.3', [...tls13, ...forwardSecret, ...rsa]],
  ['ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06', 'TLSv1.2 TLSv1.3', [...tls13, ...forwardSecretSha, ...rsaSha]],
  ['ELBSecurityPolicy-TLS13-1-1-2021-06', 'TLSv1.1 TLSv1.2 TLSv1.3', [...tls13, ...forwardSecretSha, ...rsaSha]],
  ['ELBSecurityPolicy-TLS13-1-0-2021-06', 'TLSv1 TLSv1.1 TLSv1.2 TLSv1.3', [...tls13, ...forwardSecretSha, ...rsaSha]],
  ['ELBSecurityPolicy-TLS13-1-3-2021-06', 'TLSv1.3', tls13],
  ['ELBSecurityPolicy-TLS-1-2-2017-01', 'TLSv1.2', [...forwardSecret, ...rsa]],
  ['ELBSecurityPolicy-TLS-1-2-Ext-2018-06', 'TLSv1.2', [...forwardSecretSha, ...rsaSha]],
  ['ELBSecurityPolicy-TLS-1-1-2017-01', 'TLSv1.1 TLSv1.2', [...forwardSecretSha, ...rsaSha]],
  ['ELBSecurityPolicy-FS-1-2-Res-2020-10', 'TLSv1.2', forwardSecretGcm],
  ['ELBSecurityPolicy-FS-1-2-Res-2019-08', 'TLSv1.2', forwardSecret],
  ['ELBSecurityPolicy-FS-1-2-2019-08', 'TLSv1.2', forwardSecretSha],
  ['ELBSecurityPolicy-FS-1-1-2019-08', 'TLSv1.1 TLSv1.2', forwardSecretSha],
  ['ELBSecurityPolicy-FS-2018-06', 'TLSv1 TLSv1.1 TLSv1.2', forwardSecretSha],
];

/** The predefined policies of listeners with TLS, the usual one first. No listener here can use one. */
export const sslPolicies: readonly SslPolicy[] = policies.map(([Name, protocols, ciphers]) => ({
  Name,
  SslProtocols: protocols.split(' '),
  Ciphers: ciphers.map((cipher, index) => ({ Name: cipher, Priority: index + 1 })),
  SupportedLoadBalancerTypes: ['application', 'network'],
}));

/** Each cipher for certificates of either kind. */
function pairs(ciphers: string[]): string[] {
  return ciphers.flatMap((cipher) => [`ECDHE-ECDSA-${cipher}`, `ECDHE-RSA-${cipher}`]);
}
