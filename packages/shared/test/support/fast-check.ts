import fc from 'fast-check';

/**
 * Random inputs are new ones each time, and a failure names its seed; with `CI` set they are the same ones each time, so that a change
 * is judged by what it changes. `FC_SEED` chooses them, `MODEL_RUNS` tries more of them where one case is quick.
 */
const seed = process.env.FC_SEED ?? (process.env.CI ? '20261121' : undefined);
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });

export default fc;
