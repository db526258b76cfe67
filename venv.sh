#!/bin/sh
# Creates .venv when it is missing or stale, from hash-pinned packages only; the Makefile calls it before every target.
set -eu
cd "$(dirname "$0")"

python=${PYTHON:-python3}
say() { printf '%s\n' "$1" >&2; exit 2; }
command -v "$python" >/dev/null 2>&1 ||
  say "python3 is missing. Install it: sudo apt-get install python3 python3-venv (Debian, Ubuntu) or brew install python (macOS)."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  say "$("$python" --version) is too old, 3.11 or newer is needed: install it (sudo apt-get install python3.11 python3.11-venv, or brew install python), then run make PYTHON=python3.11."

# Stale: other packages, another Python, or a checkout that was moved (a virtual environment holds absolute paths).
wanted=$( (cat requirements.lock pyproject.toml venv.sh; "$python" --version; pwd) | cksum)
[ -x .venv/bin/python ] && [ "$(cat .venv/complete 2>/dev/null || true)" = "$wanted" ] && exit 0

"$python" -c 'import ensurepip, venv' 2>/dev/null ||
  say "Python's venv module is missing. Install it: sudo apt-get install python3-venv."
echo "Setting up .venv (once, about a minute) ..." >&2
rm -rf .venv
"$python" -m venv .venv
# The lock names everything that is needed, so nothing is left for pip to resolve.
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
# Prefect starts two to three times faster from compiled bytecode, and some machines forbid writing it later.
.venv/bin/python -m compileall -q .venv/lib api cli config connectors db domain flows mapping notifications operations simulators tasks >/dev/null || true
echo "$wanted" >.venv/complete
