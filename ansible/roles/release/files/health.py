"""Waits until a service on this host answers its health route with 200; says why not, with the app's last log lines."""
import argparse
import http.client
import json
import os
import re
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument('--port', type=int, required=True)
parser.add_argument('--path', required=True)
parser.add_argument('--timeout', type=float, required=True, help='seconds')
parser.add_argument('--instance-env', required=True, help='optional file that may set HOST')
parser.add_argument('--log', required=True)
parser.add_argument('--pid-file', help='of a process whose end is the end of the wait; absent on hosts where the init watches it')
parser.add_argument('--current', help="the link whose release.json must have --version")
parser.add_argument('--version')
options = parser.parse_args()


def bind_address():
    """Where the services of this machine listen: as its instance file says, else anywhere."""
    try:
        with open(options.instance_env) as file:
            found = re.findall(r'^\s*(?:export\s+)?HOST=["\']?([^"\'\s]+)', file.read(), re.M)
    except FileNotFoundError:
        found = []
    host = found[-1] if found else '127.0.0.1'
    return {'0.0.0.0': '127.0.0.1', '::': '::1'}.get(host, host)


def problem(host):
    """None when healthy, else what is wrong, in words."""
    if options.current:
        try:
            with open(os.path.join(options.current, 'release.json')) as file:
                version = json.load(file).get('version')
        except (OSError, ValueError) as error:
            return 'current has no readable release.json: %s' % error
        if version != options.version:
            return 'current is %s, not %s' % (version, options.version)
    try:
        connection = http.client.HTTPConnection(host, options.port, timeout=2)
        connection.request('GET', options.path)
        response = connection.getresponse()
        body = response.read(300).decode('utf-8', 'replace')
        connection.close()
    except OSError as error:
        return error.strerror or str(error)
    except http.client.HTTPException as error:
        return repr(error)
    return None if response.status == 200 else 'status %d %s' % (response.status, body)


def ended():
    """Whether the process that --pid-file names is gone."""
    try:
        with open(options.pid_file or '') as file:
            return not os.path.exists('/proc/%d' % int(file.read()))
    except FileNotFoundError:
        return False


def last_lines(path, count=12):
    try:
        with open(path, 'rb') as file:
            file.seek(max(0, os.path.getsize(path) - 8192))
            return file.read().decode('utf-8', 'replace').splitlines()[-count:]
    except OSError as error:
        return ['(no log: %s)' % error]


host = bind_address()
deadline = time.monotonic() + options.timeout
while True:
    wrong = problem(host)
    if wrong is None:
        break
    gone = ended()
    if gone or time.monotonic() >= deadline:
        how = 'it ended before it was healthy' if gone else 'not healthy after %g s' % options.timeout
        print('%s: http://%s:%d%s: %s; its last log lines:' % (how, host, options.port, options.path, wrong), file=sys.stderr)
        print('\n'.join(last_lines(options.log)), file=sys.stderr)
        sys.exit(1)
    time.sleep(0.05)
