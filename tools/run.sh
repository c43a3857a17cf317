#!/bin/sh
# Finds Python 3.11 or newer and hands over to tools/setup.py: run.sh start|test [arguments]
folder=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 1
for python in ${PYTHON:-} python3.14 python3.13 python3.12 python3.11 python3 python; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        exec "$python" "$folder/setup.py" "$@"
    fi
done
found=$(python3 -c 'import platform; print(platform.python_version())' 2>/dev/null)
echo "Brickwork needs Python 3.11 or newer; found ${found:-none}. Install it (Debian: apt install python3 python3-venv; macOS: brew install python) and run this again." >&2
exit 1
