"""Makes policies and signed URLs as botocore does, over an RSA key of `cryptography`, for a comparison with ours.

Takes {"key": base64 of PKCS#8, "key_pair_id", "cases": [{"resource", "expires"}]}; prints [{"policy", "query"}].
"""

import base64
import datetime
import json
import sys
import urllib.parse

from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

given = json.load(sys.stdin)
key = serialization.load_der_private_key(base64.b64decode(given["key"]), None)
signer = CloudFrontSigner(given["key_pair_id"], lambda text: key.sign(text, padding.PKCS1v15(), hashes.SHA256()))


def made(case):
    ends = datetime.datetime.fromtimestamp(case["expires"], datetime.timezone.utc)
    policy = signer.build_policy(case["resource"], ends)
    url = signer.generate_presigned_url("https://media.example/film", policy=policy)
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query, strict_parsing=True))
    return {"policy": policy, "query": query}


print(json.dumps([made(case) for case in given["cases"]]))
