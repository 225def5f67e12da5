/** The operation's name in records and journals. */
export const scaleName = 'scale';
