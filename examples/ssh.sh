#!/bin/bash
# A sweep in a bucket, worked on by machines that are reached by ssh and share nothing else.
#
#   npx steadyframe run night.yaml --executor workers --store s3://bucket/night
#   examples/ssh.sh s3://bucket/night gpu1 gpu2 gpu3
#
# Every machine needs Node, this package with @aws-sdk/client-s3 beside it, and its own credentials for the bucket.
set -eu
sweep=${1:?the bucket or folder of the sweep}
shift
for host; do
  # As many slots as there are cards, each with one of them.
  ssh "$host" "npx steadyframe worker --sweep '$sweep' --slots \$(nvidia-smi -L | wc -l)" 2>&1 | sed "s/^/$host: /" &
done
wait
