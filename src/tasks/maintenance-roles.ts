/** Values of the tag `golden-pipeline:role` of a maintenance page's rules: the way to the fleet for probes, and the page itself. */
export const fleetRole = 'maintenance-probes';
export const pageRole = 'maintenance-page';
