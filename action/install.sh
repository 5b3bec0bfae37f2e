#!/usr/bin/env bash
# Installs dq from the checkout of the action into a virtual environment of the runner, by the versions and hashes of the lock file.
set -euo pipefail

place="${RUNNER_TEMP:?}/dq"
if ! "$DQ_PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "::error title=dq::dq needs Python 3.11 or newer, and \"$DQ_PYTHON\" is not: use actions/setup-python before this step"
    exit 2
fi
"$DQ_PYTHON" -m venv "$place"
pip=("$place/bin/python" -m pip --quiet --disable-pip-version-check install)
"${pip[@]}" --require-hashes --requirement "$DQ_SOURCE/.ci/build.lock"
"${pip[@]}" --require-hashes --requirement "$DQ_SOURCE/.ci/run.lock"
"${pip[@]}" --no-deps --no-build-isolation "$DQ_SOURCE"
"$place/bin/dq" --version
echo "command=$place/bin/dq" >>"${GITHUB_OUTPUT:?}"
