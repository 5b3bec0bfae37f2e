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

case "$DQ_GATE" in
true | false) ;;
*)
    echo "::error title=dq::the input \"gate\" must be true or false"
    exit 2
    ;;
esac
arguments=(check --results "$DQ_RESULTS")
if [ "$DQ_GATE" = true ]; then arguments+=(--gate); fi
if [ -n "$DQ_SUITE" ]; then arguments+=(--suite "$DQ_SUITE"); fi
if [ -n "$DQ_BASELINE" ]; then arguments+=(--baseline "$DQ_BASELINE"); fi
if [ -n "$DQ_DOCS" ]; then arguments+=(--docs "$DQ_DOCS"); fi
mkdir -p "$DQ_REPORTS" || exit 3
rm -f "$DQ_REPORTS"/{report.sarif,report.xml,report.json,measures.csv} # nothing of an earlier run may pass for this one's
arguments+=(
    --format github --output -
    --format sarif --output "$DQ_REPORTS/report.sarif"
    --format junit --output "$DQ_REPORTS/report.xml"
    --format json --output "$DQ_REPORTS/report.json"
    --format csv --output "$DQ_REPORTS/measures.csv"
)
lines "$DQ_ARGUMENTS"
arguments+=(${found[@]+"${found[@]}"})
lines "$DQ_PATHS"
arguments+=(-- ${found[@]+"${found[@]}"})

"$DQ_COMMAND" "${arguments[@]}"
code=$?

said="$("$(dirname "$DQ_COMMAND")/python" - "$DQ_REPORTS/report.json" "$DQ_RESULTS" <<'PYTHON'
import json, pathlib, sys
path = pathlib.Path(sys.argv[1])
run = json.loads(path.read_text()) if path.is_file() else {}
stored = pathlib.Path(sys.argv[2]) / run.get("id", "-")
print(" ".join(run.get("verdict", "dq wrote no report: see its messages").split()))
print(stored if stored.is_dir() else "")
PYTHON
)"
{
    echo "exit-code=$code"
    echo "verdict=$(sed -n 1p <<<"$said")"
    echo "run=$(sed -n 2p <<<"$said")"
    echo "reports=$DQ_REPORTS"
} >>"${GITHUB_OUTPUT:?}"
exit $code
