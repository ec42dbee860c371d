"""Checks the signature of a media URL as CloudFront does: base64 undone, SHA-256, ECDSA or RSA over the policy as sent."""

import base64
import json
import sys
import time
import urllib.parse

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

given = json.load(sys.stdin)
query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(given["url"]).query, strict_parsing=True))
assert set(query) == {"Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"}, sorted(query)
assert query["Hash-Algorithm"] == "SHA256" and query["Key-Pair-Id"] == given["key_pair_id"]


def octets(text):
    return base64.b64decode(text.translate(str.maketrans("-_~", "+=/")), validate=True)


policy, signature = octets(query["Policy"]), octets(query["Signature"])
if "pem" in given:
    key = serialization.load_pem_public_key(given["pem"].encode())
else:
    key = serialization.load_der_public_key(base64.b64decode(given["der"]))
if isinstance(key, rsa.RSAPublicKey):
    assert key.key_size == 2048
    how = (padding.PKCS1v15(), hashes.SHA256())
else:
    how = (ec.ECDSA(hashes.SHA256()),)
key.verify(signature, policy, *how)
try:
    key.verify(signature, policy.replace(b"/media/", b"/medib/"), *how)
    sys.exit("another policy verifies too")
except InvalidSignature:
    pass

[statement] = json.loads(policy)["Statement"]
resource, ends = statement["Resource"], statement["Condition"]["DateLessThan"]["AWS:EpochTime"]
assert set(statement) == {"Resource", "Condition"} and set(statement["Condition"]) == {"DateLessThan"}, statement
assert resource.startswith(given["resource"]) and resource.endswith("/*") and resource.count("*") == 1, resource
assert given["url"].startswith(resource[:-1]), resource
assert time.time() < ends <= time.time() + 24 * 3600, ends
assert b" " not in policy
print("ok")
