"""Reads the .env of a working copy: lines NAME=value as in a shell, with # for comments. Prints them as JSON.

Usage: dotenv.py FILE [NAME...]          prints {name: value}
       dotenv.py --check FILE [NAME...]  prints nothing; fails with the names that are missing or empty
Without a file there are no values.
"""
import json
import re
import shlex
import sys

words = sys.argv[1:]
check = words[:1] == ['--check']
path, *wanted = words[1:] if check else words


def read():
    found = {}
    try:
        with open(path) as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        return None
    for number, line in enumerate(lines, 1):
        try:
            parts = [part for part in shlex.split(line, comments=True) if part != 'export']
        except ValueError:
            parts = ['']
        if not parts:
            continue
        match = re.fullmatch(r'([A-Za-z_][A-Za-z0-9_]*)=(.*)', parts[0], re.S)
        # The wrong text may be a secret, so it is not shown.
        if len(parts) > 1 or not match:
            sys.exit('%s, line %d is not NAME=value; a value with spaces is quoted' % (path, number))
        found[match[1]] = match[2]
    return found


found = read()
missing = [name for name in wanted if not (found or {}).get(name)]
if missing:
    there = 'lacks %s' % ', '.join(missing) if found is not None else 'is not there, and %s must be in it' % ', '.join(missing)
    sys.exit('%s %s: write a line NAME=value for each; git ignores the file' % (path, there))
if not check:
    print(json.dumps(found or {}))
