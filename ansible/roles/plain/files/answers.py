"""Asks the service on this host once, and prints as JSON what it answers instead of what it should: {} when all is as it should be.

The argument is JSON: {port, instance_env, headers, checks: [{path, status, contains}]}. `kind` of the answer is `down` where the service
does not answer as asked, and `other` where all answers come but one does not contain its text.
"""
import http.client
import json
import re
import sys


def bind_address(instance_env):
    """The address on which the services of this host listen, from its instance file."""
    try:
        with open(instance_env) as file:
            found = re.findall(r'^\s*(?:export\s+)?HOST=["\']?([^"\'\s]+)', file.read(), re.M)
    except OSError:
        found = []
    host = found[-1] if found else '127.0.0.1'
    return {'0.0.0.0': '127.0.0.1', '::': '::1'}.get(host, host)


def ask(host, port, path, headers):
    connection = http.client.HTTPConnection(host, port, timeout=3)
    try:
        connection.request('GET', path, headers={**headers, 'Connection': 'close'})
        response = connection.getresponse()
        return response.status, response.read(1_000_000).decode('utf-8', 'replace')
    finally:
        connection.close()


def look(spec):
    host = bind_address(spec['instance_env'])
    other = {}
    for check in spec['checks']:
        where = '%s on port %d' % (check['path'], spec['port'])
        try:
            status, body = ask(host, spec['port'], check['path'], spec['headers'])
        except OSError as error:
            return {'kind': 'down', 'problem': '%s: %s' % (where, error.strerror or error)}
        except (http.client.HTTPException, ValueError) as error:
            return {'kind': 'down', 'problem': '%s: %r' % (where, error)}
        if status != check['status']:
            return {'kind': 'down', 'problem': '%s answers %d instead of %d: %s' % (where, status, check['status'], body[:200])}
        contains = check.get('contains')
        if contains is not None and contains not in body and not other:
            other = {'kind': 'other', 'problem': '%s answers without "%s": %s' % (where, contains, body[:200])}
    return other


print(json.dumps(look(json.loads(sys.argv[1]))))
