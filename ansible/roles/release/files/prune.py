"""Keeps the newest <keep> environments of <root>/releases, and always those that `current` and `previous` name. Prints what it removed."""
import os
import shutil
import sys

root, keep = sys.argv[1], int(sys.argv[2])
releases = os.path.join(root, 'releases')


def built(name):
    """When the environment was complete; an unfinished one is older than all."""
    try:
        return os.path.getmtime(os.path.join(releases, name, 'release.json'))
    except OSError:
        return 0


kept = {
    os.path.basename(os.readlink(link))
    for link in (os.path.join(root, 'current'), os.path.join(root, 'previous'))
    if os.path.islink(link)
}
newest = sorted(os.listdir(releases), key=lambda name: (built(name), name), reverse=True)
for name in [name for name in newest if name not in kept][max(0, keep - len(kept & set(newest))):]:
    shutil.rmtree(os.path.join(releases, name))
    print(name)
