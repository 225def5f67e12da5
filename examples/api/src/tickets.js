/** What is on sale, and how many seats are left of each event. */
export function availability(config) {
  const events = config.events.map(describe);
  return { headline: config.headline, available: events.reduce((sum, event) => sum + event.available, 0), events };
}

/** One event, or undefined when there is none of that id. */
export function eventAvailability(config, id) {
  const event = config.events.find((candidate) => candidate.id === id);
  return event && describe(event);
}

function describe({ id, title, seats, sold }) {
  const available = Math.max(0, seats - sold);
  return { id, title, available, soldOut: available === 0 };
}
