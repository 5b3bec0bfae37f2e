#!/usr/bin/env bash
# Runs dq check as the inputs of the action say, writes all reports, and ends as dq ends: annotations and a summary are GitHub's,
# the reports are files, the verdict is an output.
set -uo pipefail

lines() { # the lines of a text that are not empty, into the array "found"
    found=()
    while IFS= read -r line; do
        line="${line%$'\r'}"
        if [ -n "$line" ]; then found+=("$line"); fi
    done <<<"$1"
}

# nothing of an earlier run may pass for this one's
rm -f -- "$DQ_REPORTS"/{report.sarif,report.xml,report.json,measures.csv} && mkdir -p -- "$DQ_REPORTS" || exit 3

arguments=(check "--results=$DQ_RESULTS")
case "$DQ_GATE" in
true) arguments+=(--gate) ;;
false) ;;
*)
    echo "::error title=dq::the input \"gate\" must be true or false"
    exit 2
    ;;
esac
if [ -n "$DQ_SUITE" ]; then arguments+=("--suite=$DQ_SUITE"); fi
if [ -n "$DQ_BASELINE" ]; then arguments+=("--baseline=$DQ_BASELINE"); fi
if [ -n "$DQ_DOCS" ]; then arguments+=("--docs=$DQ_DOCS"); fi
arguments+=(
    --format github --output -
    --format sarif "--output=$DQ_REPORTS/report.sarif"
    --format junit "--output=$DQ_REPORTS/report.xml"
    --format json "--output=$DQ_REPORTS/report.json"
    --format csv "--output=$DQ_REPORTS/measures.csv"
)
lines "$DQ_ARGUMENTS"
arguments+=(${found[@]+"${found[@]}"})
lines "$DQ_PATHS"
arguments+=(-- ${found[@]+"${found[@]}"})

"$DQ_COMMAND" "${arguments[@]}"
code=$?

# each output in the form for texts of several lines, with an end that nobody can guess, so that no name of a folder makes another
"$(dirname "$DQ_COMMAND")/python" -I - "$code" "$DQ_REPORTS" "$DQ_RESULTS" >>"${GITHUB_OUTPUT:?}" <<'PYTHON' || exit 3
import json, pathlib, sys, uuid
code, reports, results = sys.argv[1:]
path = pathlib.Path(reports, "report.json")
run = json.loads(path.read_text("utf-8")) if path.is_file() else {}
stored = pathlib.Path(results, run.get("id", "-"))
verdict = run.get("verdict", "dq wrote no report: see its messages")
outputs = {
    "exit-code": code,
    "verdict": " ".join(verdict.split()),
    "run": str(stored) if stored.is_dir() else "",
    "reports": reports,
}
end = uuid.uuid4().hex
sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")
sys.stdout.write("".join(f"{name}<<{end}\n{value}\n{end}\n" for name, value in outputs.items()))
PYTHON
exit "$code"
