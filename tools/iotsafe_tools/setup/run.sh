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
    echo "Install python3 …"
    if ! { $root apt-get -qq update && $root apt-get -qq install -y --no-install-recommends \
        python3; } > /dev/null; then
        echo "set-up: python3 could not be installed: run apt-get install python3 as root" >&2
        exit 1
    fi
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "set-up: $python is older than 3.11: run make with PYTHON= and a newer one" >&2
    exit 1
fi
PYTHONPATH=$(dirname "$0")/../.. exec "$python" -m iotsafe_tools.setup "$@"
