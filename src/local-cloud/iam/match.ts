/** Whether a text fits a pattern of a policy, in which `*` stands for any characters and `?` for one. Linear in both. */
export function matchesPattern(pattern: string, text: string): boolean {
  let at = 0;
  let part = 0;
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    const wanted = pattern[part];
    if (wanted === '*') {
      star = part++;
      resume = at;
    } else if (wanted === '?' || (wanted !== undefined && wanted === text[at])) {
      part++;
      at++;
    } else if (star >= 0) {
      part = star + 1;
      at = ++resume;
    } else return false;
  }
  while (pattern[part] === '*') part++;
  return part === pattern.length;
}
