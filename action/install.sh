#!/usr/bin/env bash
# Installs dq from the checkout of the action into a virtual environment of the runner, by the versions and hashes of the lock files.
set -euo pipefail

if ! "$DQ_PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "::error title=dq::dq needs Python 3.11 or newer, and \"$DQ_PYTHON\" is not: use actions/setup-python before this step"
    exit 2
fi
place="${RUNNER_TEMP:?}/dq"
"$DQ_PYTHON" -m venv --without-pip "$place" # pip of that Python installs into it: a copy of pip takes seconds to make
pip=("$DQ_PYTHON" -m pip --quiet --disable-pip-version-check --python "$place/bin/python" install)
"${pip[@]}" --no-compile --require-hashes --requirement "$DQ_SOURCE/.ci/build.lock" --requirement "$DQ_SOURCE/.ci/run.lock"
"${pip[@]}" --no-deps --no-build-isolation "$DQ_SOURCE"
"$place/bin/dq" --version
echo "command=$place/bin/dq" >>"${GITHUB_OUTPUT:?}"
