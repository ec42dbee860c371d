#!/bin/sh
# Runs signers.py with a Python that has botocore and cryptography, making a virtual environment at first need.
set -eu
# Where `cargo xtask` put uv on a machine without it.
PATH=$PATH:${REELVAULT_CACHE:-$HOME/.cache/reelvault}/uv/bin
here=$(dirname "$0")
venv=${REELVAULT_CACHE:-$HOME/.cache/reelvault}/venv-signers
has_signers() { "$1" -c 'import botocore.signers, cryptography' 2>/dev/null; }

if ! has_signers "$venv/bin/python"; then
    fresh=$venv.$$
    if command -v uv >/dev/null; then
        uv venv --quiet "$fresh"
        uv pip install --quiet --python "$fresh/bin/python" 'botocore==1.43.*' 'cryptography==48.*'
    else
        python3 -m venv "$fresh"
        "$fresh/bin/pip" install --quiet 'botocore==1.43.*' 'cryptography==48.*'
    fi
    # Another run may have been faster: either environment will do.
    rm -rf "$venv"
    mv "$fresh" "$venv"
fi
exec "$venv/bin/python" "$here/signers.py" "$@"
