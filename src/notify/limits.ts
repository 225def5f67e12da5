/** How long a process keeps others from delivering what it delivers, in milliseconds: twice that of one delivery, for the ledger's own requests. */
export const claimMs = 60_000;
/** How long one delivery may take, with its tokens and all its requests, in milliseconds. */
export const attemptLimitMs = claimMs / 2;
