"""Uses the authorization server as any OAuth client would, with Authlib: metadata, client credentials, refresh,
revocation, introspection. Nothing here knows more of the server than its URL."""

import json
import sys

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url

given = json.load(sys.stdin)
server = requests.get(get_well_known_url(given["api"], external=True), timeout=30).json()


def metadata():
    assert server["issuer"] == given["issuer"] and server["response_types_supported"] == []
    # RFC 8414 wants https; the local cloud has no certificate. Authlib takes the empty list, which RFC 8414 asks of a
    # server without an authorization endpoint, for a missing one; it is checked above.
    shown = json.loads(json.dumps(server).replace("http://", "https://"))
    checked = AuthorizationServerMetadata(shown)
    for name in AuthorizationServerMetadata.REGISTRY_KEYS:
        if name != "response_types_supported":
            getattr(checked, "validate_" + name)()
    offered = set(server["token_endpoint_auth_methods_supported"])
    assert offered == {"none", "client_secret_basic", "client_secret_post"}, offered
    assert {key["kty"] for key in requests.get(server["jwks_uri"], timeout=30).json()["keys"]} == {"EC"}


def client(method, **more):
    return OAuth2Session(
        given["client_id"],
        given["client_secret"],
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method="none",
        **more,
    )


def granted(method, **more):
    with client(method, **more) as session:
        return session.fetch_token(server["token_endpoint"], grant_type="client_credentials")


def told(token, session=None, **more):
    session = session or client("client_secret_basic")
    reply = session.introspect_token(server["introspection_endpoint"], token=token, **more)
    assert reply.status_code == 200, reply.text
    return reply.json()


def client_credentials():
    for method in ("client_secret_basic", "client_secret_post"):
        token = granted(method)
        assert token["token_type"] == "Bearer" and token["expires_in"] == 600, token
        assert "refresh_token" not in token and set(token["scope"].split()) == set(given["scopes"])
    narrow = granted("client_secret_basic", scope="read")
    assert narrow["scope"] == "read"
    used = requests.get(given["film"], headers={"authorization": "Bearer " + narrow["access_token"]}, timeout=30)
    assert used.status_code == 404, used.text
    claims = told(narrow["access_token"])
    assert claims["active"] and claims["scope"] == "read" and claims["sub"] == given["client_id"], claims
    wrong = OAuth2Session(given["client_id"], given["client_secret"][:-1] + "~")
    try:
        wrong.fetch_token(server["token_endpoint"], grant_type="client_credentials")
        raise AssertionError("a wrong secret was taken")
    except OAuthError as error:
        assert error.error == "invalid_client", error


def refresh_and_revocation():
    front = OAuth2Session("reelvault", token_endpoint_auth_method="none", revocation_endpoint_auth_method="none")
    front.token = {"refresh_token": given["refresh_token"], "access_token": "", "token_type": "Bearer"}
    pair = front.refresh_token(server["token_endpoint"])
    assert pair["refresh_token"] != given["refresh_token"], "it is rotated"
    access, refresh = told(pair["access_token"]), told(pair["refresh_token"])
    assert access["active"] and access["sub"] == given["user"] == refresh["sub"], (access, refresh)
    assert told(given["refresh_token"]) == {"active": False}, "it was traded in"
    assert told(given["stranger"]) == {"active": False}, "of another organisation"
    reply = front.revoke_token(server["revocation_endpoint"], token=pair["refresh_token"])
    assert reply.status_code == 200, reply.text
    for dead in (pair["access_token"], pair["refresh_token"], "never was"):
        assert told(dead) == {"active": False}
    assert front.revoke_token(server["revocation_endpoint"], token="never was").status_code == 200
    kept = granted("client_secret_basic")["access_token"]
    reply = front.revoke_token(server["revocation_endpoint"], token=kept)
    assert (reply.status_code, reply.json()["error"]) == (400, "unsupported_token_type"), reply.text


metadata()
client_credentials()
refresh_and_revocation()
print("ok")
