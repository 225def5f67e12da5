"""Removes from this host what must not be in an image: identity, keys, credentials, history, logs, caches. Prints what it removed."""
import glob
import os
import re
import shutil
import stat
import sys

root = sys.argv[1]
touched = []


def remove(*patterns):
    for pattern in patterns:
        for path in glob.glob(pattern):
            # Private folders of running units and the payload of the module that runs us: they are removed without us.
            if re.match('systemd-private-|ansible_.*_payload_', os.path.basename(path)):
                continue
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                os.unlink(path)
            touched.append(path)


def empty(path):
    """Emptied in place: what has it open for appending goes on."""
    try:
        if stat.S_ISREG(os.lstat(path).st_mode) and os.path.getsize(path) > 0:
            os.truncate(path, 0)
            touched.append(path)
    except FileNotFoundError:
        pass


def empty_tree(folder):
    for parent, _folders, files in os.walk(folder):
        for name in files:
            path = os.path.join(parent, name)
            # Rotated logs are of no use to their writer.
            if name.endswith(('.gz', '.xz', '.1', '.old', '.s', '.u')):
                remove(glob.escape(path))
            else:
                empty(path)


def homes():
    """Homes of root and of everybody who can log in."""
    with open('/etc/passwd') as file:
        for line in file:
            fields = line.rstrip('\n').split(':')
            if len(fields) == 7 and (fields[2] == '0' or not fields[6].endswith(('nologin', 'false'))) and fields[5] not in ('', '/'):
                yield fields[5]


# cloud-init takes the next boot for the first one.
remove('/var/lib/cloud/*', '/var/lib/cloud/.[!.]*')
remove('/etc/ssh/ssh_host_*')
for home in dict.fromkeys(homes()):
    for name in (
        '.ssh/authorized_keys', '.ssh/authorized_keys2', '.ssh/known_hosts', '.ssh/id_*',
        '.aws', '.boto', '.config/gcloud', '.docker/config.json', '.netrc', '.git-credentials', '.npmrc',
        '.*_history', '.lesshst', '.viminfo', '.wget-hsts', '.npm/_logs', '.cache',
    ):
        remove(os.path.join(glob.escape(home), name))
    # Of the very play that runs this: it has changed nothing of the host.
    shutil.rmtree(os.path.join(home, '.ansible'), ignore_errors=True)
empty('/etc/machine-id')
if not os.path.islink('/var/lib/dbus/machine-id'):
    remove('/var/lib/dbus/machine-id')
remove('/var/lib/systemd/random-seed', '/var/lib/dhcp/*', '/var/lib/NetworkManager/*.lease')
remove('/tmp/*', '/tmp/.[!.]*', '/var/tmp/*', '/var/tmp/.[!.]*')
remove(os.path.join(glob.escape(root), 'shared', 'npm-cache', '_logs'))
empty_tree('/var/log')
empty_tree(os.path.join(root, 'shared', 'log'))
print('\n'.join(touched))
