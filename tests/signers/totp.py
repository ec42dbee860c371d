"""Checks codes of an authenticator app, and the URI that enrols it, with pyotp and, where it is installed, oathtool."""

import json
import shutil
import subprocess
import sys
import urllib.parse

import pyotp

oathtool = shutil.which("oathtool")
given = json.load(sys.stdin)
assert given["enrolments"]

for enrolment in given["enrolments"]:
    secret, uri = enrolment["secret"], enrolment["uri"]
    parts = urllib.parse.urlsplit(uri)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("otpauth", "totp", ""), uri
    label = [urllib.parse.unquote(name, errors="strict") for name in parts.path[1:].split(":")]
    assert label == [enrolment["issuer"], enrolment["account"]], label
    assert urllib.parse.parse_qs(parts.query, strict_parsing=True, errors="strict") == {
        "secret": [secret],
        "issuer": [enrolment["issuer"]],
        "algorithm": ["SHA1"],
        "digits": ["6"],
        "period": ["30"],
    }
    apps = [pyotp.TOTP(secret)]
    # pyotp decodes the URI before it takes it apart: names with delimiters are beyond it.
    if not set(enrolment["issuer"] + enrolment["account"]) & set("%&#?/=+:"):
        app = pyotp.parse_uri(uri)
        assert isinstance(app, pyotp.TOTP)
        assert (app.issuer, app.name) == (enrolment["issuer"], enrolment["account"])
        assert (app.secret, app.digits, app.interval) == (secret, 6, 30)
        apps.append(app)
    for code in enrolment["codes"]:
        for app in apps:
            assert app.at(code["time"]) == code["code"], code
        if oathtool:
            words = [oathtool, "--totp", "--base32", f"--now=@{code['time']}", secret]
            told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
            assert told.strip() == code["code"], (told, code)

print("ok" if oathtool else "ok, without oathtool")
