/** A refusal as S3 words it. */
export class S3Error extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
    /** Further elements of the error document, e.g. `Key`. */
    readonly details: Readonly<Record<string, string>> = {},
    /** Headers that go with the refusal. */
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'S3Error';
  }
}

export function noSuchBucket(name: string): S3Error {
  return new S3Error('NoSuchBucket', 'The specified bucket does not exist', 404, { BucketName: name });
}

export function noSuchKey(key: string, headers?: Record<string, string>): S3Error {
  return new S3Error('NoSuchKey', 'The specified key does not exist.', 404, { Key: key }, headers);
}

export function noSuchVersion(key: string, versionId: string): S3Error {
  const details = { Key: key, VersionId: versionId };
  return new S3Error('NoSuchVersion', 'The specified version does not exist.', 404, details);
}

/** @param condition Name of the header that did not hold. */
export function preconditionFailed(condition: string): S3Error {
  const message = 'At least one of the pre-conditions you specified did not hold';
  return new S3Error('PreconditionFailed', message, 412, { Condition: condition });
}

/** A bucket is elsewhere: requests go to the endpoint of its region. */
export function permanentRedirect(bucket: string, region: string): S3Error {
  const message =
    'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.';
  const details = { Endpoint: `${bucket}.s3.${region}.amazonaws.com`, Bucket: bucket };
  return new S3Error('PermanentRedirect', message, 301, details, { 'x-amz-bucket-region': region });
}

export function invalidArgument(name: string, value: string, message: string): S3Error {
  return new S3Error('InvalidArgument', message, 400, { ArgumentName: name, ArgumentValue: value });
}

export function invalidRequest(message: string): S3Error {
  return new S3Error('InvalidRequest', message, 400);
}

/** For what AWS has and the local cloud has not: a header, or an operation. */
export function notImplemented(what: string): S3Error {
  return new S3Error('NotImplemented', `The local cloud does not implement ${what}.`, 501);
}

/** For a header that AWS does not take in this place either, in its words. */
export function unservedHeader(name: string): S3Error {
  const message = 'A header you provided implies functionality that is not implemented';
  return new S3Error('NotImplemented', message, 501, { Header: name });
}

export function malformedXml(): S3Error {
  const message = 'The XML you provided was not well-formed or did not validate against our published schema';
  return new S3Error('MalformedXML', message, 400);
}
