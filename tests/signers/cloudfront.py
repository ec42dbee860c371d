"""Checks the signature of a media URL as CloudFront does: base64 undone, SHA-256, ECDSA over the policy as sent."""

import base64
import json
import sys
import time
import urllib.parse

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

given = json.load(sys.stdin)
query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(given["url"]).query, strict_parsing=True))
assert set(query) == {"Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"}, sorted(query)
assert query["Hash-Algorithm"] == "SHA256" and query["Key-Pair-Id"] == given["key_pair_id"]


def octets(text):
    return base64.b64decode(text.translate(str.maketrans("-_~", "+=/")), validate=True)


policy, signature = octets(query["Policy"]), octets(query["Signature"])
key = serialization.load_pem_public_key(given["pem"].encode())
key.verify(signature, policy, ec.ECDSA(hashes.SHA256()))
try:
    key.verify(signature, policy.replace(b"/media/", b"/medib/"), ec.ECDSA(hashes.SHA256()))
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
