#!/bin/sh
# Runs a Python program with cryptography, PyJWT, bcrypt, pyotp, Authlib, boto3 and standardwebhooks at hand, in an environment made at first need.
set -eu
# Where `cargo xtask` put uv on a machine without it.
PATH=$PATH:${REELVAULT_CACHE:-$HOME/.cache/reelvault}/uv/bin
venv=${REELVAULT_CACHE:-$HOME/.cache/reelvault}/venv-verifiers
packages='cryptography==48.* PyJWT==2.* bcrypt==5.* pyotp==2.* Authlib==1.* requests==2.* boto3[crt]==1.* standardwebhooks==1.*'
works() { "$1" -c 'import cryptography, jwt, bcrypt, pyotp, authlib, requests, boto3, awscrt, standardwebhooks' 2>/dev/null; }

if ! works "$venv/bin/python"; then
    fresh=$venv.$$
    # shellcheck disable=SC2086 # a list of words
    if command -v uv >/dev/null && uv --version >/dev/null 2>&1; then
        uv venv --quiet "$fresh"
        uv pip install --quiet --python "$fresh/bin/python" $packages
    else
        python3 -m venv "$fresh"
        "$fresh/bin/pip" install --quiet $packages
    fi
    # Another run may have been faster: either environment will do.
    rm -rf "$venv"
    mv "$fresh" "$venv" 2>/dev/null || rm -rf "$fresh"
fi
exec "$venv/bin/python" "$@"
