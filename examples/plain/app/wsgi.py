"""A WSGI app without dependencies, as small as it can be. RELEASE_VERSION and RELEASE_COMMIT come from its unit."""
import json
import os

pages = {
    '/': ('text/html', '<title>Shop</title><h1>Shop</h1>'),
    '/health': ('application/json', json.dumps({'healthy': True})),
    '/version': (
        'application/json',
        json.dumps({'version': os.environ.get('RELEASE_VERSION'), 'commit': os.environ.get('RELEASE_COMMIT')}),
    ),
}


def application(environ, start_response):
    kind, body = pages.get(environ['PATH_INFO'], ('text/plain', ''))
    start_response('200 OK' if body else '404 Not Found', [('Content-Type', kind)])
    return [body.encode()]
