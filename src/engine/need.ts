/**
 * A fact of a run that a step before this one has found.
 * @throws Error where none has: the steps of the operation stand in the wrong order, or its journal is not whole
 */
export function need<State, Key extends keyof State & string>(state: State, key: Key): NonNullable<State[Key]> {
  const fact = state[key];
  if (fact === undefined || fact === null) throw new Error(`this step needs ${key}, which no step before it has found`);
  return fact;
}
