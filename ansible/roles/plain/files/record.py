"""Writes the text of the second argument to the file that the first one names, which is whole at any time."""
import os
import sys

path, text = sys.argv[1:]
new = path + '.new'
with open(new, 'w') as file:
    file.write(text + '\n')
os.chmod(new, 0o644)
os.replace(new, path)
