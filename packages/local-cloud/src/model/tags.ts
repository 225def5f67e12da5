/** A resource's tags; Auto Scaling's own are kept with their groups. */
export type Tags = Record<string, string>;
