"""What real dbt says of the project beside this file: its manifest, and the verdict of each test.

dbt is heavy, so CI does not install it. ``python -m venv V && V/bin/pip install 'dbt-core<1.12' 'dbt-duckdb<1.12'``, then
``python -m tests.interchange.record_dbt V/bin/dbt``. Of the manifest only what speaks of the project's own tables and tests is kept:
the macros of dbt itself are nine tenths of it.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).parent / "dbt"
KEPT = ("metadata", "nodes", "sources", "disabled")
OF_THE_MACHINE = ("root_path", "created_at", "user_id", "project_id", "invocation_id", "invocation_started_at", "generated_at")


def without_machine(value: object) -> object:
    if isinstance(value, dict):
        return {key: without_machine(item) for key, item in value.items() if key not in OF_THE_MACHINE}
    return [without_machine(item) for item in value] if isinstance(value, list) else value


def main(dbt: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "project"
        shutil.copytree(PROJECT, work, ignore=shutil.ignore_patterns("*.json"))
        environment = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
        for command in ("seed", "run", "test"):
            subprocess.run([dbt, command, "--profiles-dir", "."], cwd=work, env=environment, check=command != "test")
        results = json.loads((work / "target/run_results.json").read_text())
        subprocess.run([dbt, "parse", "--no-partial-parse", "--profiles-dir", "."], cwd=work, env=environment, check=True)
        manifest = json.loads((work / "target/manifest.json").read_text())
    verdicts = {
        "dbt": results["metadata"]["dbt_version"],
        "verdicts": {
            one["unique_id"].split(".")[2]: {"status": one["status"], "failures": one["failures"]} for one in results["results"]
        },
    }
    kept = without_machine({key: manifest[key] for key in KEPT})
    (PROJECT / "manifest.json").write_text(json.dumps(kept, indent=1) + "\n")
    (PROJECT / "verdicts.json").write_text(json.dumps(verdicts, indent=1) + "\n")


if __name__ == "__main__":
    main(str(Path(sys.argv[1]).absolute()))
