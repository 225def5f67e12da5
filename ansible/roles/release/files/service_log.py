"""Prints the end of a service's log as one JSON object: {from, lines, cut}, or {problem}.

Usage: service_log.py JSON, with
  files    candidates; the first that exists is read, with the newest rotated one before it where it is short
  units    units whose journal is read where no file exists
  lines, bytes  the most that is printed
  within   seconds: what was last written before that is not about the present, and counts as absent; absent for no limit
  secrets  file with the values of the secrets of the service (host_secrets.py), which are not printed
"""
import glob
import json
import os
import subprocess
import sys
import time

JOURNAL_SECONDS = 3
"""A journal of gigabytes on a slow disk must not hold up a rollback."""
LINE_CHARACTERS = 2000
"""Of a longer line the beginning is printed."""


def tail(path, most):
    """The last bytes of a file, and whether there is more before them."""
    with open(path, 'rb') as file:
        size = os.path.getsize(path)
        file.seek(max(0, size - most))
        return file.read(most), size > most


def rotated(path):
    """The newest file that the log was continued from: of svlogd (@<time>.s or .u), or of logrotate."""
    folder = os.path.dirname(path)
    files = sorted(glob.glob(os.path.join(folder, '@*.[su]'))) if os.path.basename(path) == 'current' else []
    return files[-1] if files else next((one for one in [path + '.1'] if os.path.exists(one)), None)


def read_file(path, lines, most):
    data, cut = tail(path, most)
    before = rotated(path) if not cut and data.count(b'\n') < lines else None
    if before:
        older, cut = tail(before, most - len(data))
        data = older + data
    return data, cut


def read_journal(unit, lines):
    argv = ['journalctl', '--unit=' + unit, '--lines=%d' % lines, '--no-pager', '--quiet', '--output=short-iso']
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=JOURNAL_SECONDS)
    return done.stdout if done.returncode == 0 else b''


def redact(text, values):
    """Without the values of the host's secrets, as in health.py."""
    try:
        with open(values or '') as file:
            known = json.load(file).values()
    except (OSError, ValueError):
        return text
    lines = {line for value in known for line in [value, json.dumps(value)[1:-1], *value.splitlines()] if len(line) >= 6}
    for line in sorted(lines, key=len, reverse=True):
        text = text.replace(line, '[redacted]')
    return text


def printed(source, data, cut, wanted):
    text = redact(data[-wanted['bytes'] :].decode('utf-8', 'replace'), wanted.get('secrets'))
    lines = [line.rstrip('\r')[:LINE_CHARACTERS] for line in text.split('\n')]
    if lines and lines[-1] == '':
        lines.pop()
    # The first one was cut in the middle.
    if cut and len(lines) > 1:
        lines.pop(0)
    last = lines[-wanted['lines'] :]
    return {'from': source, 'lines': last, 'cut': cut or len(last) < len(lines)}


def main(wanted):
    problem = 'there is no log: ' + ', '.join(wanted['files'])
    for path in wanted['files']:
        try:
            if 'within' in wanted and time.time() - os.path.getmtime(path) > wanted['within']:
                problem = '%s is from before' % path
                continue
            found = printed(path, *read_file(path, wanted['lines'], wanted['bytes']), wanted)
        except FileNotFoundError:
            continue
        except OSError as error:
            problem = '%s: %s' % (path, error.strerror)
            continue
        if found['lines']:
            return found
        problem = '%s is empty' % path
    for unit in wanted.get('units', []):
        try:
            data = read_journal(unit, wanted['lines'])
        except (OSError, subprocess.TimeoutExpired):
            continue
        if data:
            return printed('the journal of ' + unit, data, False, wanted)
    return {'problem': problem}


print(json.dumps(main(json.loads(sys.argv[1]))))
