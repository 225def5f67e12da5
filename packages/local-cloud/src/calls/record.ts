/** One answered request, refused ones too. */
export interface CallRecord {
  /** As the caller named it; empty when it named none. */
  operation: string;
  /** From the signature's scope; empty when there is none. */
  service: string;
  /** As claimed: only a call that was not refused for its signature is proven to be by this key. */
  accessKeyId: string;
  /** Milliseconds since the epoch when the request was read. */
  at: number;
  /** How long the answer took, in milliseconds. */
  ms: number;
  /** HTTP status of the answer; 0 when the connection was cut instead. */
  status: number;
  /** Error code of a call that was refused or failed; `ConnectionCut` when there was no answer. */
  code?: string;
  requestId: string;
  /** As the signature's scope claims; empty when there is none. */
  region?: string;
  /** The caller's program, from its `user-agent`, cut at 200 characters. */
  userAgent?: string;
  /** Ids of the faults that struck it. */
  faults?: string[];
}
