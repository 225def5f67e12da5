/** A logical id for one of several like resources: letters and digits only. */
export function idOf(kind: string, name: string): string {
  return kind + name.replace(/(^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_all, _between, first: string) => first.toUpperCase());
}
