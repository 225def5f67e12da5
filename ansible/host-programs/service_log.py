"""Prints the log of a service as JSON lines, oldest first: {"t": seconds or null, "m": text}, with "cut" (bytes) for a line that is too long.

The one argument is JSON: {app, folders, secrets, file, unit, since, lines, bytes, within, grep, follow}, null for no limit:
  since   seconds since the epoch
  lines   the last N
  bytes   of them at most so many: what is older is left out
  within  seconds, with `bytes` only: a log that was last written before that counts as absent
  file    this file is read, and nothing else
  unit    its journal is read, and nothing else
Other objects: {"from": text} what is read, {"live": true} when all that was there is printed and only new lines follow, {"more": true} when
there is more before what `bytes` allows, {"note": text}, {"wrong": text} for an expression that cannot be used. A line has "s": true when its time stood
before the text, as svlogd and the journal write it. Values of the service's secrets are replaced.

A unit that logs to the journal is read by journalctl. Everything else is in files: <folder>/current of the first folder that has one, which
svlogd rotates to @*.s and logrotate to current.N. Files are read from their end, so their size does not matter. It exits when its standard
input is closed, which is what a lost connection looks like, or its output.
"""
import calendar
import collections
import glob
import json
import os
import re
import select
import signal
import subprocess
import sys
import time

LONGEST = 8192
"""Bytes of a line that are printed."""
ENTRY = 1 << 22
"""Bytes of an entry of the journal that is read."""
BLOCK = 65536
EVERY = 0.2
"""Seconds between two looks at a file that is followed."""
UNTIMED = 1000
"""Lines of a log without times that are printed when lines since a time are wanted."""
BELONGS = 5
"""Seconds after which a line without a time that is being written no longer belongs to the line before it."""
BEFORE = 'its log was last written before that'
MATCH_SECONDS = 1
"""How long an expression may look at one line."""

STAMP = re.compile(rb'(\d{4})-(\d\d)-(\d\d)[_T](\d\d):(\d\d):(\d\d)(\.\d+) ')
"""What `svlogd -tt` and `-ttt` write before a line, in UTC."""
TAI = re.compile(rb'@4([0-9a-f]{15})([0-9a-f]{8}) ')
"""What `svlogd -t` writes: TAI64N."""
FIELD = rb'"@?(?:time|ts|timestamp|datetime|date)":\s?'
OWN = re.compile(rb'(?:[\[(]?|.*?' + FIELD + rb'")(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s?(Z|[+-]\d\d:?\d\d)?')
"""A time that the app writes by itself, at the beginning of a line or in a field of JSON; without a zone it is that of the host."""
OWN_NUMBER = re.compile(FIELD + rb'(\d{10})(\d{3})?(\.\d+)?[,}\s]')


def split_time(line):
    """Seconds since the epoch, or None, and the line as the app wrote it."""
    found = STAMP.match(line)
    if found:
        return calendar.timegm(tuple(map(int, found.groups()[:6]))) + float(found.group(7)), line[found.end():]
    found = TAI.match(line)
    if found:
        return int(found.group(1), 16) - 10 + int(found.group(2), 16) / 1e9, line[found.end():]
    return own_time(line[:300]), line


def own_time(head):
    found = OWN.match(head)
    if found:
        try:
            parts = time.strptime(found.group(1).decode() + found.group(2).decode(), '%Y-%m-%d%H:%M:%S')
        except ValueError:
            return None
        rest = float('0.' + (found.group(3) or b'0').decode())
        zone = (found.group(4) or b'').decode().replace(':', '')
        if not zone:
            return time.mktime(parts) + rest
        offset = 0 if zone == 'Z' else (1 if zone[0] == '+' else -1) * (int(zone[1:3]) * 3600 + int(zone[3:5]) * 60)
        return calendar.timegm(parts) - offset + rest
    found = OWN_NUMBER.search(head)
    if not found:
        return None
    return int(found.group(1)) + (int(found.group(2)) / 1000 if found.group(2) else float(found.group(3) or 0))


class TooSlow(Exception):
    pass


def too_slow(*_):
    raise TooSlow


def stop_if_closed(seconds=0):
    """Waits, and exits when standard input has ended: nobody reads any more."""
    try:
        if select.select([0], [], [], seconds)[0] and os.read(0, 4096) == b'':
            sys.exit(0)
    except OSError:
        sys.exit(0)


class Printer:
    """Prints what is wanted of the lines that it is given."""

    def __init__(self, want):
        self.since = want['since']
        self.expression = None
        self.secrets, self.seen, self.values = want['secrets'], None, []
        self.last = None
        self.live = False
        self.count = 0
        # Printed at the end: only then it is known which are the last.
        self.bytes, self.lines = want['bytes'], want['lines']
        self.kept = collections.deque()
        self.size = 0
        self.more = False
        if want['grep'] is not None:
            try:
                self.expression = re.compile(want['grep'])
            except (re.error, OverflowError, RecursionError) as error:
                self.stop('it is not a regular expression (Python): %s' % error)
            signal.signal(signal.SIGALRM, too_slow)

    def stop(self, why):
        self.put({'wrong': why})
        sys.exit(0)

    def put(self, thing):
        sys.stdout.write(json.dumps(thing) + '\n')
        sys.stdout.flush()

    def timed(self, at, text, length=None, stamped=True):
        if at is not None:
            self.last = at
        if self.since is not None and at is not None and at < self.since:
            return
        length = len(text) if length is None else length
        # Replaced before the line is cut or matched: neither a part of a value nor whether it matches may be seen.
        clear = self.without_secrets(text, length > len(text))
        shown = clear[:LONGEST].decode('utf-8', 'backslashreplace')
        if self.expression and not self.matches(shown):
            return
        entry = {'t': at, 'm': shown}
        if stamped:
            entry['s'] = True
        if length > LONGEST or len(clear) > LONGEST:
            entry['cut'] = length
        if self.bytes is None:
            self.write(entry)
        else:
            self.keep(entry, min(length, LONGEST) + 1)

    def write(self, entry):
        sys.stdout.write(json.dumps(entry) + '\n')
        self.count += 1
        if self.count % 1000 == 0:
            stop_if_closed()

    def keep(self, entry, size):
        self.kept.append((entry, size))
        self.size += size
        while self.size > self.bytes or (self.lines is not None and len(self.kept) > self.lines):
            self.size -= self.kept.popleft()[1]
            self.more = True

    def finish(self, within=None):
        """Prints what was kept, unless the last of it is older than `within` seconds."""
        if within is not None and self.last is not None and time.time() - self.last > within:
            self.put({'note': BEFORE})
        elif self.kept:
            for entry, _ in self.kept:
                self.write(entry)
            if self.more:
                self.put({'more': True})
        self.kept.clear()

    def without_secrets(self, text, partial):
        """`partial`: the line goes on, so a value may begin at its end."""
        self.read_values()
        for value in self.values:
            text = text.replace(value, b'[redacted]')
        if partial:
            begun = max((begins_at_end(text, value) for value in self.values), default=0)
            text = text[:len(text) - begun]
        return text

    def read_values(self):
        """Again when they have changed, as `secrets refresh` does. Earlier ones still count: lines with them are still read."""
        try:
            file = os.lstat(self.secrets)
            seen = file.st_ino, file.st_mtime_ns, file.st_size
        except OSError:
            seen = None
        if seen == self.seen:
            return
        self.seen = seen
        new = {value.encode('utf-8', 'surrogatepass') for value in secret_values(self.secrets)}
        self.values = sorted(new.union(self.values), key=len, reverse=True)

    def matches(self, text):
        signal.setitimer(signal.ITIMER_REAL, MATCH_SECONDS)
        try:
            return self.expression.search(text) is not None
        except (TooSlow, RecursionError):
            self.stop('it takes more than %d s for one line' % MATCH_SECONDS)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


def begins_at_end(text, value):
    """How many bytes at the end of a text are the beginning of a value."""
    most = min(len(value) - 1, len(text))
    return next((count for count in range(most, 0, -1) if text.endswith(value[:count])), 0)


def secret_values(path):
    """What must not be printed, as far as this user may read it; the longest first."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW)) as file:
            known = [value for value in json.load(file).values() if isinstance(value, str)]
    except (OSError, ValueError, AttributeError):
        return []
    lines = {line for value in known for line in [value, json.dumps(value)[1:-1], *value.splitlines()] if len(line) >= 6}
    return sorted(lines, key=len, reverse=True)


# Files.

def pieces(file, start=0):
    """Lines of a file from a place on, as (first bytes, length); at its end, what has no line end yet comes as a last one."""
    file.seek(start)
    reader = Lines()
    while True:
        block = file.read(BLOCK)
        if not block:
            break
        yield from reader.feed(block)
    yield from reader.rest()


class Lines:
    """Splits bytes into lines, and keeps only the beginning of each."""

    def __init__(self):
        self.begun = b''
        self.length = 0

    def feed(self, block):
        parts = block.split(b'\n')
        for part in parts[:-1]:
            self.add(part)
            yield from self.rest(True)
        self.add(parts[-1])

    def add(self, part):
        # Longer than what is printed by what may stand before it.
        self.begun += part[:max(0, LONGEST + 64 - len(self.begun))]
        self.length += len(part)

    def rest(self, ended=False):
        if ended or self.length:
            yield self.begun, self.length
        self.begun, self.length = b'', 0


def place_of_last(file, count, end, lowest=0):
    """Where the last `count` lines before `end` begin, but not before `lowest`, and how many were found there."""
    place, seen = end, 0
    while place > lowest:
        size = min(BLOCK, place - lowest)
        file.seek(place - size)
        block = file.read(size)
        # The very last line end ends the last line; it begins none.
        if place == end and block.endswith(b'\n'):
            block = block[:-1]
        at = block.rfind(b'\n')
        while at >= 0:
            seen += 1
            if seen == count:
                return place - size + at + 1, count
            at = block.rfind(b'\n', 0, at)
        place -= size
    return (next_line(file, lowest), seen) if lowest else (0, seen + (1 if end else 0))


def first_time(file, place, end):
    """The first time in the lines that begin in the block at `place`."""
    file.seek(place)
    block = file.read(min(BLOCK, end - place))
    lines = block.split(b'\n')[(1 if place else 0):]
    return next((at for at in (split_time(line)[0] for line in lines) if at is not None), None)


def place_since(file, since, end):
    """A place before the first line of that time or later, and whether a line before it was seen."""
    step, place = BLOCK, end
    while place > 0:
        place = max(0, end - step)
        at = first_time(file, place, end)
        if at is not None and at < since:
            return next_line(file, place), True
        step *= 2
    return 0, False


def next_line(file, place):
    if place == 0:
        return 0
    file.seek(place - 1)
    while True:
        block = file.read(BLOCK)
        if not block:
            return file.tell()
        at = block.find(b'\n')
        if at >= 0:
            return file.tell() - len(block) + at + 1


def folder_of(want):
    """The first that has a log; the first where none has."""
    return next((one for one in want['folders'] if os.path.exists(os.path.join(one, 'current'))), want['folders'][0])


def log_files(folder):
    """Oldest first; the last one is written to."""
    rotated = sorted(glob.glob(os.path.join(glob.escape(folder), '@*.[su]')))
    numbered = [path for path in glob.glob(os.path.join(glob.escape(folder), 'current.*')) if path.rsplit('.', 1)[1].isdigit()]
    numbered.sort(key=lambda path: -int(path.rsplit('.', 1)[1]))
    return numbered + rotated + [os.path.join(folder, 'current')]


def open_files(paths):
    opened = []
    for path in paths:
        try:
            opened.append(open(path, 'rb'))
        except FileNotFoundError:
            pass
    return opened


def choose(files, want):
    """From the newest file on backward: [(file, place)], and whether times are known."""
    chosen, timed, missing, size = [], False, want['lines'], want['bytes']
    for file in reversed(files):
        end = os.fstat(file.fileno()).st_size
        if want['since'] is not None:
            place, older = place_since(file, want['since'], end)
            timed = timed or older or first_time(file, 0, end) is not None
            chosen.insert(0, (file, place))
            if older:
                break
        else:
            lowest = 0 if size is None else max(0, end - size)
            place, found = place_of_last(file, missing, end, lowest)
            chosen.insert(0, (file, place))
            missing -= found
            if missing <= 0 or lowest:
                break
            size = None if size is None else size - end
    return chosen, timed


def read_files(want, printer):
    path = want['file'] or os.path.join(folder_of(want), 'current')
    files = open_files([path] if want['file'] else log_files(os.path.dirname(path)))
    if files:
        printer.put({'from': path})
    if not files:
        looked = [path] if want['file'] else [os.path.join(one, 'current') for one in want['folders']]
        printer.put({'note': 'it has no log at %s' % ' or '.join(looked)})
    elif want['within'] is not None and time.time() - os.fstat(files[-1].fileno()).st_mtime > want['within']:
        printer.put({'note': BEFORE})
    else:
        if want['since'] is None and want['lines'] is None:
            want['lines'] = 100
        chosen, timed = choose(files, want)
        if want['since'] is not None and not timed and any(os.fstat(file.fileno()).st_size for file in files):
            printer.put({'note': 'the lines of its log have no times: the last %d are shown' % UNTIMED})
            chosen, _ = choose(files, {**want, 'since': None, 'lines': UNTIMED})
        if want['since'] is not None and want['lines'] is not None:
            last = place_in(files, want['lines'])
            chosen = later(files, chosen, last)
        for file, place in chosen[:-1]:
            for raw, length in pieces(file, place):
                give(printer, raw, length)
        printer.more = chosen[0][1] > 0 or len(chosen) < len(files)
        current, place = chosen[-1]
        if want['bytes'] is not None and len(chosen) == 1 and 0 < place == os.fstat(current.fileno()).st_size:
            printer.put({'note': 'the last line of its log has more than %d bytes' % want['bytes']})
        if not want['follow']:
            for raw, length in pieces(current, place):
                give(printer, raw, length)
    sys.stdout.flush()
    if want['follow']:
        follow_file(path, printer, files and (current, place))


def place_in(files, count):
    return choose(files, {'since': None, 'lines': count, 'bytes': None})[0]


def later(files, one, other):
    """Of two selections the one that begins later."""
    def begin(chosen):
        file, place = chosen[0]
        return files.index(file), place
    return max(one, other, key=begin)


def give(printer, raw, length):
    at, text = split_time(raw)
    stamped = len(text) < len(raw)
    # What has no time belongs to the line before, as the lines of a stack trace do. What stood before the text does not count.
    if at is None:
        late = printer.live and (printer.last is None or time.time() - printer.last > BELONGS)
        at = time.time() if late else printer.last
    printer.timed(at, text, length - (len(raw) - len(text)), stamped)


def follow_file(path, printer, current):
    """Prints what is appended, for ever: a file that is rotated is read to its end first, one that is emptied from its start."""
    file, place = current or (None, 0)
    reader = Lines()
    live = False
    while True:
        if file is None:
            try:
                file, place, reader = open(path, 'rb'), 0, Lines()
            except FileNotFoundError:
                pass
        if file is not None:
            rotated = is_other(path, file)
            if os.fstat(file.fileno()).st_size < place:
                place, reader = 0, Lines()
            file.seek(place)
            block = file.read(BLOCK)
            place += len(block)
            for raw, length in reader.feed(block):
                give(printer, raw, length)
            if block:
                if live:
                    sys.stdout.flush()
                stop_if_closed()
                continue
            if rotated:
                for raw, length in reader.rest():
                    give(printer, raw, length)
                file.close()
                file = None
                continue
        if not live:
            live = printer.live = True
            printer.put({'live': True})
        sys.stdout.flush()
        stop_if_closed(EVERY)


def is_other(path, file):
    try:
        return not os.path.samestat(os.stat(path), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


# The journal.

def unit_output(unit):
    """Where a unit's output goes, such as `journal`; None when systemd does not run here or does not know the unit."""
    try:
        done = subprocess.run(
            ['systemctl', 'show', '--property=LoadState', '--property=StandardOutput', unit],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = dict(line.split('=', 1) for line in done.stdout.decode(errors='replace').splitlines() if '=' in line)
    return found.get('StandardOutput', 'journal') if found.get('LoadState') == 'loaded' else None


def read_journal(unit, want, printer):
    printer.put({'from': 'the journal of ' + unit})
    words = ['journalctl', '--unit=' + unit, '--output=json', '--all', '--no-pager', '--quiet']
    chosen = ([] if want['since'] is None else ['--since=@%.6f' % want['since']]) + (
        [] if want['lines'] is None else ['--lines=%d' % want['lines']]
    )
    started = time.time()
    cursor = journal(words + (chosen or ['--lines=100']), printer)
    printer.more = printer.more or len(printer.kept) == want['lines']
    printer.finish(want['within'])
    sys.stdout.flush()
    if want['follow']:
        printer.put({'live': True})
        after = ['--since=@%.6f' % started] if cursor is None else ['--after-cursor=' + cursor]
        journal(words + after + ['--lines=all', '--follow'], printer, live=True)


def journal(words, printer, live=False):
    """Prints entries; gives the place of the last one."""
    cursor = None
    child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        reader = Entries()
        while True:
            ready = select.select([child.stdout, 0], [], [])[0]
            if 0 in ready and os.read(0, 4096) == b'':
                sys.exit(0)
            if child.stdout not in ready:
                continue
            block = os.read(child.stdout.fileno(), BLOCK)
            for entry in reader.feed(block):
                cursor = entry.get('__CURSOR', cursor)
                text = message_bytes(entry.get('MESSAGE'))
                for line in text.split(b'\n'):
                    printer.timed(int(entry['__REALTIME_TIMESTAMP']) / 1e6, line)
            if live:
                sys.stdout.flush()
            if not block:
                break
        if child.wait() != 0:
            said = child.stderr.read(2000).decode('utf-8', 'replace').strip()
            printer.put({'note': 'journalctl exited with %d: %s' % (child.returncode, said)})
    finally:
        child.kill()
    return cursor


class Entries:
    """Splits journalctl's output into objects; one that is longer than any log line is left out."""

    def __init__(self):
        self.kept = b''

    def feed(self, block):
        parts = (self.kept + block).split(b'\n')
        self.kept = parts.pop()
        if len(self.kept) > ENTRY:
            self.kept = b''
        for part in parts:
            try:
                yield json.loads(part.decode('utf-8', 'replace'))
            except ValueError:
                pass


def message_bytes(message):
    if isinstance(message, list):
        # Bytes that are not UTF-8 text, or a field that is there several times.
        if all(isinstance(one, int) for one in message):
            return bytes(message)
        return b'\n'.join(message_bytes(one) for one in message)
    return str('' if message is None else message).encode('utf-8', 'surrogatepass')


def main():
    want = json.loads(sys.argv[1])
    printer = Printer(want)
    unit = want['unit'] or want['app'] + '.service'
    output = None if want['file'] else unit_output(unit)
    in_file = output is None or output.startswith(('append', 'file', 'truncate'))
    if want['unit'] and output is None:
        printer.put({'note': 'systemd knows no unit %s' % unit})
    elif in_file and not want['unit']:
        read_files(want, printer)
    else:
        read_journal(unit, want, printer)
    printer.finish()
    sys.stdout.flush()


if __name__ == '__main__':
    try:
        main()
    except (BrokenPipeError, KeyboardInterrupt):
        # Nobody reads any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
