"""Follows a rotation of the signing keys as a resource server does: PyJWT's own JWKS client, which keeps what it read
and reads again when it meets a key that it does not know."""

import http.server
import json
import sys
import threading

import jwt

given = json.load(sys.stdin)
rules = {"audience": given["audience"], "issuer": given["issuer"], "algorithms": ["ES256"]}
served = ["before"]


class Keys(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = given[served[0]].encode()
        self.send_response(200)
        self.send_header("content-type", "application/jwk-set+json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keys)
threading.Thread(target=server.serve_forever, daemon=True).start()


def fresh():
    client = jwt.PyJWKClient(f"http://127.0.0.1:{server.server_port}/jwks.json")
    # It waits half a minute before it reads again for an unknown key; a rotation leaves it more, a test does not.
    client.cooldown_duration = 0
    return client


def subject(client, token):
    key = client.get_signing_key_from_jwt(token)
    return jwt.decode(token, key.key, **rules)["sub"]


def refused(client, token):
    try:
        subject(client, token)
    except jwt.exceptions.PyJWKClientError:
        return True
    return False


old, new = given["old"], given["new"]
patient = fresh()
assert subject(patient, old) == given["subject"]
assert refused(fresh(), new), "a key that is not served yet"
served[0] = "during"
for client in (patient, fresh()):
    assert subject(client, old) == subject(client, new) == given["subject"]
served[0] = "after"
assert subject(patient, new) == subject(fresh(), new) == given["subject"]
assert refused(fresh(), old), "a key that is not served any more"
print("ok")
