"""Checks a stored password hash with the bcrypt of Python."""

import json
import sys

import bcrypt

given = json.load(sys.stdin)
stored = given["hash"].encode()
assert stored.startswith(b"$2b$12$"), stored[:7]
assert bcrypt.checkpw(given["password"].encode(), stored)
assert not bcrypt.checkpw(given["password"].swapcase().encode(), stored)
print("ok")
