import type { AppFiles } from './app-files.ts';
import { readClues } from './source-clues.ts';
import type { Stack } from './stack.ts';

/** An app with a Gemfile; undefined for another one. */
export async function detectRuby(files: AppFiles): Promise<Stack | undefined> {
  if (!(await files.has('Gemfile'))) return undefined;
  const gems = `${await files.read('Gemfile')}\n${await files.read('Gemfile.lock')}`;
  const uses = (name: string) => new RegExp(`(gem\\s+['"]${name}['"]|^\\s+${name} \\()`, 'm').test(gems);
  const rails = uses('rails');
  const puma = uses('puma');
  const clues = await readClues(files, /\.(rb|ru)$/);
  const install =
    "bundle config set --local path vendor/bundle && bundle config set --local without 'development test' && bundle install";
  const assets = rails && (uses('sprockets-rails') || uses('propshaft'));
  const name = rails ? 'Rails' : uses('sinatra') ? 'Sinatra' : undefined;
  return {
    technology: 'ruby',
    seen: `Gemfile${name ? ` (${name})` : ''}`,
    start: puma
      ? 'bundle exec puma --bind "tcp://$HOST:$PORT"'
      : 'bundle exec rackup --host "$HOST" --port "$PORT" --env production',
    build: assets ? `${install} && SECRET_KEY_BASE_DUMMY=1 bundle exec rails assets:precompile` : install,
    port: clues.port ?? (puma ? 3000 : 9292),
    ...((clues.healthPath ?? rails) && { healthPath: clues.healthPath ?? '/up' }),
    environment: { RACK_ENV: 'production', ...(rails && { RAILS_ENV: 'production' }) },
    ...(rails && { migrate: ['bundle', 'exec', 'rails', 'db:migrate'] }),
    notes: puma ? [] : ['puma is not in the Gemfile: the app is started by rackup, which is made for development'],
  };
}
