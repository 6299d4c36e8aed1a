#!/bin/bash
# A sweep on a SLURM cluster whose nodes share a file system: one job runs the sweep, an array of jobs works on it.
#
#   sbatch --wrap "npx steadyframe run night.yaml --executor workers --out $PWD/night --resume"
#   sbatch --array=1-8 examples/slurm.sh "$PWD/night"
#
# An element of the array that is stopped or preempted loses a few seconds; submit more of them at any time.
#SBATCH --job-name=steadyframe-worker
#SBATCH --gpus=1
#SBATCH --cpus-per-task=8
#SBATCH --signal=B:TERM@60
set -eu
sweep=${1:?the folder of the sweep, which all nodes reach}

# Inputs are fetched once for each node. SLURM sets CUDA_VISIBLE_DEVICES to the card of this job.
cache=${TMPDIR:-/tmp}/steadyframe-$USER

# The first TERM lets the worker give its job back, a minute before SLURM ends it.
npx steadyframe worker --sweep "$sweep" --cache "$cache" --idle 600 &
trap 'kill -TERM $!' TERM
wait $! || wait $!
