#!/bin/sh
# Releases an app from any CI server or from cron: release.sh <app> <environment> [ref]
# Run it in the project, after `npm ci`. Credentials for AWS come from the environment, as for the AWS CLI.
# It exits with the code of `pipeline release`: 0 released, 1 or 2 nothing was changed, 3 everything was rolled back,
# 4 manual intervention required, 5 locked or on hold.
set -eu

if [ "$#" -lt 2 ] || [ "$#" -gt 3 ]; then
  echo "usage: release.sh <app> <environment> [ref]" >&2
  exit 2
fi

# By exec and without npx, a signal reaches the pipeline itself, and once: it rolls back. A second one would stop that.
# It must be the last command here: nothing after it runs.
exec node_modules/.bin/pipeline release "$1" --env "$2" --ref "${3:-HEAD}" --yes --wait-for-lock 30m
