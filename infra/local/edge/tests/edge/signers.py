"""Signs URLs and cookies as others do: botocore's CloudFrontSigner over keys of `cryptography`.

Takes the base URL and the present (epoch seconds); prints the public keys and what was signed, as JSON.
"""

import datetime
import json
import sys

from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

base, now = sys.argv[1], int(sys.argv[2])
ASSET = f"{base}/media/asset/package"
SEGMENT = f"{ASSET}/00001.ts"
ORIGINAL = (
    f"{base}/uploads/org/asset/source?response-content-disposition=attachment%3B%20filename%3D%22a.mp4%22"
    "&response-content-type=video%2Fmp4"
)


def at(seconds):
    return datetime.datetime.fromtimestamp(now + seconds, datetime.timezone.utc)


def signer(key_id, key, algorithm):
    if isinstance(key, rsa.RSAPrivateKey):
        return CloudFrontSigner(key_id, lambda text: key.sign(text, padding.PKCS1v15(), algorithm))
    return CloudFrontSigner(key_id, lambda text: key.sign(text, ec.ECDSA(algorithm)))


def pem(key):
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def cookies(maker, policy, hash_name):
    encode = maker._url_b64encode
    pairs = {
        "CloudFront-Policy": encode(policy.encode()).decode(),
        "CloudFront-Signature": encode(maker.rsa_signer(policy.encode())).decode(),
        "CloudFront-Key-Pair-Id": maker.key_id,
    }
    if hash_name:
        pairs["CloudFront-Hash-Algorithm"] = hash_name
    return pairs


KEYS = {
    "KRSA": rsa.generate_private_key(65537, 2048),
    "KECDSA": ec.generate_private_key(ec.SECP256R1()),
}
# In the key group under the same id, but another key: what a forger has.
FORGER = rsa.generate_private_key(65537, 2048)

urls, jars, originals = {}, {}, {}
for key_id, key in KEYS.items():
    for hash_name, algorithm in (("", hashes.SHA1()), ("SHA256", hashes.SHA256())):
        maker = signer(key_id, key, algorithm)
        suffix = f"&Hash-Algorithm={hash_name}" if hash_name else ""
        name = f"{key_id}-{hash_name or 'SHA1'}"
        wildcard = maker.build_policy(f"{ASSET}/*", at(3600))
        exact = maker.build_policy(SEGMENT, at(3600), at(-60), "127.0.0.0/8")
        make = maker.generate_presigned_url
        urls[f"{name}-canned"] = make(SEGMENT, date_less_than=at(3600)) + suffix
        urls[f"{name}-canned-query"] = make(f"{SEGMENT}?size=large&a=b", at(3600)) + suffix
        urls[f"{name}-custom"] = make(SEGMENT, policy=exact) + suffix
        urls[f"{name}-wildcard"] = make(SEGMENT, policy=wildcard) + suffix
        originals[name] = make(ORIGINAL, policy=maker.build_policy(ORIGINAL, at(3600))) + suffix
        jars[name] = cookies(maker, wildcard, hash_name)

maker = signer("KECDSA", KEYS["KECDSA"], hashes.SHA256())


def refused(policy):
    return maker.generate_presigned_url(SEGMENT, policy=policy) + "&Hash-Algorithm=SHA256"


expired = maker.build_policy(SEGMENT, at(0))
bad = {
    "expired": refused(expired),
    "expired-canned": maker.generate_presigned_url(SEGMENT, at(0)) + "&Hash-Algorithm=SHA256",
    "not-yet": refused(maker.build_policy(SEGMENT, at(3600), at(60))),
    "elsewhere": refused(maker.build_policy(SEGMENT, at(3600), ip_address="192.0.2.1")),
    "other-asset": refused(maker.build_policy(f"{base}/media/other/*", at(3600))),
    "other-host": refused(maker.build_policy("http://other.test/*", at(3600))),
    "https-only": refused(maker.build_policy(SEGMENT.replace("http:", "https:"), at(3600))),
    "two-statements": refused(json.dumps({"Statement": json.loads(expired)["Statement"] * 2})),
    "forged": signer("KRSA", FORGER, hashes.SHA1()).generate_presigned_url(SEGMENT, at(3600)),
    "unknown-key": signer("KOTHER", FORGER, hashes.SHA1()).generate_presigned_url(SEGMENT, at(3600)),
    "hash-not-named": maker.generate_presigned_url(SEGMENT, at(3600)),
}
keys = [{"id": key_id, "pem": pem(key)} for key_id, key in KEYS.items()]
print(json.dumps({"keys": keys, "urls": urls, "cookies": jars, "originals": originals, "refused": bad}))
