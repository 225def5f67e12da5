"""Links a name in a release's folder to its shared place. Files of the commit are copied there first, and never replace existing ones.

share.py <release folder> <shared folder> <name> directory|file
Prints the names that it copied. Other releases may use the shared place meanwhile, so files appear there only when they are complete.
"""
import os
import shutil
import sys

folder, shared, name, state = sys.argv[1:]
copied = []


def fail(message):
    sys.exit('release_shared: %s' % message)


def owner_of(path):
    found = os.stat(path)
    return found.st_uid, found.st_gid


def give(path, owner):
    """The owner of the shared place, which only root can set."""
    if os.geteuid() == 0:
        os.lchown(path, *owner)


def add_file(source, target, owner):
    part = os.path.join(os.path.dirname(target), '.%s.%d.new' % (os.path.basename(target)[:200], os.getpid()))
    try:
        shutil.copy2(source, part)
        give(part, owner)
        # Unlike a rename, a link never replaces an existing file.
        os.link(part, target)
        copied.append(target)
    except FileExistsError:
        pass
    finally:
        if os.path.lexists(part):
            os.unlink(part)


def add(source, target, owner):
    if os.path.islink(source):
        if not os.path.lexists(target):
            os.symlink(os.readlink(source), target)
            give(target, owner)
            copied.append(target)
    elif os.path.isdir(source):
        if not os.path.lexists(target):
            os.mkdir(target)
            shutil.copystat(source, target)
            give(target, owner)
        if os.path.isdir(target):
            for entry in sorted(os.listdir(source)):
                add(os.path.join(source, entry), os.path.join(target, entry), owner)
    elif not os.path.lexists(target):
        add_file(source, target, owner)


if os.path.isabs(name) or os.path.normpath(name).split(os.sep)[0] in ('..', '.'):
    fail('%r is not a name within the release' % name)
link = os.path.join(folder, name)
target = os.path.join(shared, name)
parent = os.path.dirname(link)
os.makedirs(parent, exist_ok=True)
within = os.path.realpath(folder)
if os.path.commonpath([within, os.path.realpath(parent)]) != within:
    fail('%s leads out of the release, by a symbolic link of the commit' % name)
tracked = os.path.lexists(link) and not os.path.islink(link)
if tracked and os.path.isdir(link) != (state == 'directory'):
    fail('%s is a %s in the commit, and has state: %s' % (name, 'directory' if os.path.isdir(link) else 'file', state))
os.makedirs(target if state == 'directory' else os.path.dirname(target), exist_ok=True)
if tracked:
    add(link, target, owner_of(target if os.path.lexists(target) else os.path.dirname(target)))
if state != 'directory' and not os.path.lexists(target):
    open(target, 'a').close()
if os.path.islink(link):
    os.unlink(link)
elif os.path.isdir(link):
    shutil.rmtree(link)
elif os.path.lexists(link):
    os.unlink(link)
os.symlink(target, link)
if copied:
    print('\n'.join(os.path.relpath(path, shared) for path in copied))
