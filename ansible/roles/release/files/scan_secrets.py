"""Looks for the values of the host's secrets on its own disk, which is about to become an image.

Usage: scan_secrets.py ROOT RUN [FOLDER]; ROOT is that of the app, RUN the folder in memory with its values (host_secrets.py), FOLDER the only
one to be looked through.
Every file of every file system that an image takes is read: what is mounted read-only cannot have been written, and what is in memory or
belongs to the kernel is not in an image. Values go to grep by a file in memory, never as arguments. Values of fewer than 8 characters are
not looked for, as they would be found everywhere; of one with several lines the longest counts, as grep compares lines.
On a hit: exit 1, with the file and the name of the secret.
"""
import glob
import json
import os
import subprocess
import sys

root, run, *only = sys.argv[1:]
KERNEL = ('/proc', '/sys', '/dev', '/run')
SHORTEST = 8
VIRTUAL = {
    'autofs', 'binfmt_misc', 'bpf', 'cgroup', 'cgroup2', 'configfs', 'debugfs', 'devpts', 'devtmpfs', 'efivarfs', 'fusectl', 'hugetlbfs',
    'mqueue', 'nfs', 'nfs4', 'nsfs', 'proc', 'pstore', 'ramfs', 'rpc_pipefs', 'securityfs', 'squashfs', 'sysfs', 'tmpfs', 'tracefs',
}


def secrets():
    """What to look for: names by pattern."""
    try:
        with open(os.path.join(run, 'values.json')) as file:
            values = json.load(file)
    except FileNotFoundError:
        return {}
    names = {}
    for path in glob.glob(os.path.join(glob.escape(root), 'releases', '*', '.release-secrets.json')):
        with open(path) as file:
            for name, reference in json.load(file)['references'].items():
                names.setdefault(reference, set()).add(name)
    found = {}
    for reference, value in values.items():
        line = max(value.splitlines() or [''], key=len)
        for pattern in {line, json.dumps(line)[1:-1]}:
            if len(pattern) >= SHORTEST:
                found.setdefault(pattern, set()).update(names.get(reference, {reference}))
    return found


def mounts():
    """Mount points with whether an image has what is there."""
    found = {}
    with open('/proc/self/mountinfo') as file:
        for line in file:
            fields = line.split()
            # Octal escapes for spaces and the like.
            place = fields[4].encode().decode('unicode_escape')
            kind = fields[fields.index('-') + 1]
            # The disk of a machine is its root, whatever that is made of; a rehearsal has it in memory.
            found[place] = place == '/' or (kind not in VIRTUAL and 'rw' in fields[5].split(','))
    return found


def places():
    """Folders and files to look through, and those to leave out below them."""
    if only:
        return only, ()
    found = mounts()
    kernel = tuple(name + '/' for name in KERNEL)
    return [place for place, taken in found.items() if taken and not (place + '/').startswith(kernel)], {*found, *KERNEL}


def files():
    wanted, left_out = places()
    for place in wanted:
        if os.path.isfile(place):
            yield place
            continue
        folders = [place]
        while folders:
            try:
                entries = list(os.scandir(folders.pop()))
            except FileNotFoundError:
                continue
            for entry in entries:
                if entry.path in left_out:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    yield entry.path


def grep(patterns, paths):
    """Files that hold any of the patterns."""
    memory = os.memfd_create('patterns')
    os.write(memory, ('\n'.join(patterns) + '\n').encode())
    words = ['xargs', '-0', '-r', '-n', '500', '-P', str(os.cpu_count() or 1), 'grep', '-lZF', '-f', '/proc/self/fd/%d' % memory, '--']
    process = subprocess.run(
        words,
        input=b''.join(os.fsencode(path) + b'\0' for path in paths),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=[memory],
        env={'PATH': os.environ.get('PATH', '/usr/bin:/bin'), 'LC_ALL': 'C'},
    )
    # 123: some grep has found nothing. Files may go while we look.
    wrong = [line for line in process.stderr.decode(errors='replace').splitlines() if 'No such file or directory' not in line]
    if process.returncode not in (0, 123) or wrong:
        sys.exit('secrets: the disk cannot be compared with the values of its secrets: %s' % '; '.join(wrong[:5] or [str(process.returncode)]))
    return [os.fsdecode(path) for path in process.stdout.split(b'\0') if path]


def names_in(path, patterns):
    with open(path, 'rb') as file:
        content = file.read()
    return sorted({name for pattern, names in patterns.items() if pattern.encode() in content for name in names})


patterns = secrets()
if patterns:
    hits = ['%s holds the value of %s' % (path, ', '.join(names_in(path, patterns))) for path in grep(patterns, files())]
    if hits:
        sys.exit('secrets: this disk is not baked: %s. What writes it there must not, as it would be in every image' % '; '.join(sorted(hits)))
