/** A refusal as the SDK throws it: the service's code is the error's name. */
export const refusal = (name: string, message = name) => Object.assign(new Error(message), { name });
