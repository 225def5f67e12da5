// What a cloud is made of, for those who look at its state: records, account, delays, errors.
export type * from './model.ts';
export { account, type Delays, delayProfiles } from './settings.ts';
export { CloudError } from './wire/handler.ts';
