export interface S3Response {
  status: number;
  headers?: Record<string, string>;
  /** A document, or a part of an object's file, which the one who sends it closes. */
  body?: string | FileBody;
}

/** `length` bytes of a file from `start`. */
export interface FileBody {
  stream(): AsyncIterable<Buffer>;
  close(): Promise<void>;
  length: number;
}
