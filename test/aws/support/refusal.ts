/** A refusal as the SDK throws it: the service's code is the error's name. */
export const refusal = (name: string, message = name) =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: 400, attempts: 1 } });

/** What the SDK throws when the answers to all its attempts were lost. */
export const lostAnswer = () =>
  Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', $metadata: { attempts: 5 } });
