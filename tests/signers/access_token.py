"""Checks an access token as a resource server would (RFC 9068): against the JWKS, with PyJWT."""

import json
import sys

import jwt

given = json.load(sys.stdin)
header = jwt.get_unverified_header(given["token"])
assert header["typ"] == "at+jwt" and header["alg"] == "ES256", header
keys = jwt.PyJWKSet.from_dict(given["jwks"])
rules = {"audience": given["audience"], "issuer": given["issuer"], "algorithms": ["ES256"]}
required = {"require": ["exp", "iat", "iss", "aud", "sub", "jti", "client_id"]}
claims = jwt.decode(given["token"], keys[header["kid"]].key, options=required, **rules)
assert claims["sub"] == given["subject"] and claims["org"] == given["organisation"], claims
assert claims["exp"] - claims["iat"] == 600 and claims["role"] == "owner", claims
assert set(claims["scope"].split()) == {"play", "download", "upload", "withdraw", "read", "edit", "share"}, claims
print("ok")
