# Stops the process that staging-start has left in $folder/pid, politely for 10 s, and removes $folder.
if [ -e "$folder" ]; then
  pid=$(cat "$folder/pid" 2>/dev/null)
  # The pid may belong to another process by now, so it must work in a release folder.
  ours() { case "$(readlink "/proc/$pid/cwd" 2>/dev/null)/" in "$release"*) true ;; *) false ;; esac; }
  if [ -n "$pid" ] && ours; then
    kill -TERM "$pid"
    tries=200
    while ours && [ $tries -gt 0 ]; do
      tries=$((tries - 1))
      sleep 0.05
    done
    if ours; then kill -KILL -- "-$pid"; fi
  fi
  rm -rf "$folder"
  echo stopped
fi
