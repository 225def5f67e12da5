import { stickyChoice } from './group-stickiness.ts';
import { mapFile, pageFile } from './names.ts';
import { literal, only, quote } from './quote.ts';
import { splitRange } from './weights.ts';

/** Directives of one action: those of the request phase, and those that choose a backend, which HAProxy evaluates later. */
export interface ActionLines {
  request: string[];
  backend: string[];
  /** Page of a fixed response, by file name. */
  pages: Record<string, string>;
}

/** Directives for the last action of a rule; `when` is the condition that the rule was chosen, or empty. */
export function actionLines(action: Record<string, unknown>, ownerArn: string, when: string): ActionLines {
  const tail = when ? ` if ${when}` : '';
  switch (action.Type) {
    case 'forward': {
      const sticky = stickyChoice(action, when);
      return {
        request: sticky.request,
        backend: [...sticky.backend, `use_backend %[rand(${splitRange}),map_int(${mapFile(ownerArn)})]${tail}`],
        pages: {},
      };
    }
    case 'fixed-response': {
      const config = (action.FixedResponseConfig ?? {}) as Record<string, string | undefined>;
      const status = only(/[245]\d\d/, config.StatusCode ?? '', 'status code');
      const body = config.MessageBody ?? '';
      if (!body) return { request: [`http-request return status ${status}${tail}`], backend: [], pages: {} };
      const type = quote(only(/[a-z]+\/[a-z]+/, config.ContentType ?? 'text/plain', 'content type'));
      const file = pageFile(body);
      return {
        request: [`http-request return status ${status} content-type ${type} file ${file}${tail}`],
        backend: [],
        pages: { [file]: body },
      };
    }
    case 'redirect':
      return {
        request: redirect((action.RedirectConfig ?? {}) as Record<string, string | undefined>, when),
        backend: [],
        pages: {},
      };
    default:
      throw new Error(`unknown action ${JSON.stringify(action.Type)}`);
  }
}

/** What ELB's placeholders mean here; `#{path}` is without its leading slash. */
const placeholders: Record<string, string> = {
  '#{protocol}': 'http',
  '#{host}': '%[req.hdr(host),field(1,:)]',
  '#{port}': '%[dst_port]',
  '#{path}': '%[path,bytes(1)]',
  '#{query}': '%[query]',
};

function redirect(config: Record<string, string | undefined>, when: string): string[] {
  const expand = (text: string, what: string): string =>
    only(/[\x21-\x7e]*/, text, what)
      .split(/(#\{(?:protocol|host|port|path|query)\})/)
      .map((part) => placeholders[part] ?? literal(part))
      .join('');
  const protocol = expand(
    (config.Protocol ?? '#{protocol}').replace(/^HTTPS?$/, (p) => p.toLowerCase()),
    'protocol',
  );
  const host = expand(config.Host ?? '#{host}', 'host');
  const port = expand(config.Port ?? '#{port}', 'port');
  const path = expand(config.Path ?? '/#{path}', 'path');
  const query = config.Query ?? '#{query}';
  const code = config.StatusCode === 'HTTP_301' ? 301 : 302;
  const to = (suffix: string, condition: string): string =>
    `http-request redirect location ${quote(`${protocol}://${host}:${port}${path}${suffix}`)} code ${code}${condition ? ` if ${condition}` : ''}`;
  if (query === '') return [to('', when)];
  const withQuery = to(
    `?${expand(query, 'query')}`,
    query === '#{query}' ? `${when} { query,length gt 0 }`.trim() : when,
  );
  // Without a query of its own the request must not be sent on to an address that ends in `?`.
  return query === '#{query}' ? [withQuery, to('', when)] : [withQuery];
}
