#!/bin/sh
# Releases an app from any CI server or from cron: release.sh <app> <environment> [ref]
# Credentials for AWS come from the environment, as for the AWS CLI. The exit code is that of `pipeline release`.
set -u

if [ "$#" -lt 2 ] || [ "$#" -gt 3 ]; then
  echo "usage: release.sh <app> <environment> [ref]" >&2
  exit 2
fi
app=$1
environment=$2
ref=${3:-HEAD}

# Without npx in between, a signal reaches the pipeline itself: it rolls back, and is waited for.
PATH=$PWD/node_modules/.bin:$PATH
pipeline release "$app" --env "$environment" --ref "$ref" --yes --wait-for-lock 30m &
release=$!
trap 'kill -TERM "$release"' INT TERM HUP
wait "$release"
code=$?
# A signal ends the wait, not the release.
while kill -0 "$release" 2>/dev/null; do
  wait "$release"
  code=$?
done

case $code in
  0) echo "$app is released in $environment" ;;
  1 | 2) echo "$app was not released; nothing was changed" >&2 ;;
  3) echo "$app was not released; everything was rolled back" >&2 ;;
  4) echo "$app needs a person now: pipeline status $app --env $environment" >&2 ;;
  5) echo "$app was not released: locked or on hold; try again later" >&2 ;;
  *) echo "$app was not released: exit code $code" >&2 ;;
esac
exit "$code"
