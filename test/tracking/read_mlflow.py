# What MLflow's own Python client finds on a server, one JSON line for each line of input: {"experiment": name, "files": true}.
# Usage: python read_mlflow.py URI

import hashlib
import json
import math
import sys
import tempfile

from mlflow import MlflowClient

client = MlflowClient(tracking_uri=sys.argv[1])


def number(value):
    return value if math.isfinite(value) else str(value)


def files(run_id, path=None):
    for entry in client.list_artifacts(run_id, path):
        if entry.is_dir:
            yield from files(run_id, entry.path)
        else:
            yield entry.path


def digest(run_id, path, folder):
    with open(client.download_artifacts(run_id, path, folder), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def history(run_id, key):
    return [[p.step, number(p.value), p.timestamp] for p in client.get_metric_history(run_id, key)]


def describe(run, with_files):
    with tempfile.TemporaryDirectory() as folder:
        return {
            "id": run.info.run_id,
            "name": run.info.run_name,
            "status": run.info.status,
            "start": run.info.start_time,
            "end": run.info.end_time,
            "params": run.data.params,
            "tags": run.data.tags,
            "metrics": {key: history(run.info.run_id, key) for key in run.data.metrics},
            "latest": {key: number(value) for key, value in run.data.metrics.items()},
            "inputs": [
                {
                    "name": each.dataset.name,
                    "digest": each.dataset.digest,
                    "source_type": each.dataset.source_type,
                    "source": json.loads(each.dataset.source),
                    "profile": json.loads(each.dataset.profile or "null"),
                    "context": {tag.key: tag.value for tag in each.tags},
                }
                for each in run.inputs.dataset_inputs
            ],
            "artifacts": {
                path: digest(run.info.run_id, path, folder) for path in files(run.info.run_id)
            }
            if with_files
            else {},
        }


print("ready", flush=True)
for line in sys.stdin:
    request = json.loads(line)
    experiment = client.get_experiment_by_name(request["experiment"])
    runs = client.search_runs([experiment.experiment_id], max_results=5000) if experiment else []
    # Searching does not give a run's inputs in every version.
    found = [describe(client.get_run(run.info.run_id), request.get("files", True)) for run in runs]
    print(json.dumps(found), flush=True)
