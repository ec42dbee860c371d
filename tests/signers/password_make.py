"""Makes hashes of a password with the bcrypt of Python, at a low and at today's cost."""

import json
import sys

import bcrypt

password = json.load(sys.stdin)["password"].encode()
print(json.dumps([bcrypt.hashpw(password, bcrypt.gensalt(cost, prefix)).decode() for cost, prefix in ((10, b"2b"), (12, b"2b"), (10, b"2a"))]))
