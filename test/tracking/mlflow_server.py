# MLflow's tracking server and its own Python client in one process, since importing MLflow takes most of the time of both.
# Prints "ready" when the server answers; then, for each line of input {"experiment": name, "files": true}, one JSON line of
# what the client finds there. It ends with its input.
# Usage: python mlflow_server.py FOLDER PORT

import hashlib
import json
import math
import os
import sys
import tempfile
import threading
import time

FOLDER, PORT = sys.argv[1:3]
URI = f"http://127.0.0.1:{PORT}"
STORE = f"sqlite:///{FOLDER}/mlflow.db"

# As `mlflow server --workers 1` has it, without its job runner.
os.environ.update(
    {
        "_MLFLOW_SERVER_FILE_STORE": STORE,
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": f"{FOLDER}/artifacts",
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
        "_MLFLOW_SGI_NAME": "uvicorn",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }
)

import uvicorn  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.server.fastapi_app import app  # noqa: E402
from mlflow.server.handlers import initialize_backend_stores  # noqa: E402

client = MlflowClient(tracking_uri=URI)


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


initialize_backend_stores(STORE, STORE, "mlflow-artifacts:/")
server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=int(PORT), log_level="warning"))
threading.Thread(target=server.run, daemon=True).start()
while not server.started:
    time.sleep(0.01)
print("ready", flush=True)
for line in sys.stdin:
    request = json.loads(line)
    experiment = client.get_experiment_by_name(request["experiment"])
    runs = client.search_runs([experiment.experiment_id], max_results=5000) if experiment else []
    # Searching does not give a run's inputs in every version.
    found = [describe(client.get_run(run.info.run_id), request.get("files", True)) for run in runs]
    print(json.dumps(found), flush=True)
