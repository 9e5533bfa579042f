#!/bin/sh
# Set-up with the system's Python; on a machine that has none yet, install it first.
set -eu
python=${PYTHON:-python3}
if ! command -v "$python" > /dev/null; then
    if ! command -v apt-get > /dev/null; then
        echo "set-up: $python is missing: install Python 3.11 or newer, then run again" >&2
        exit 1
    fi
    root=
    if [ "$(id -u)" != 0 ]; then root=sudo; fi
    log=$(dirname "$0")/../../../build/log/packages.log
    mkdir -p "$(dirname "$log")"
    echo "Install python3 …"
    if ! { $root apt-get -q update && $root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q install -y --no-install-recommends python3; } >> "$log" 2>&1; then
        echo "set-up: python3 could not be installed: see build/log/packages.log" >&2
        exit 1
    fi
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "set-up: $python is older than 3.11: run make with PYTHON= and a newer one" >&2
    exit 1
fi
PYTHONPATH=$(dirname "$0")/../.. exec "$python" -m iotsafe_tools.toolchain "$@"
