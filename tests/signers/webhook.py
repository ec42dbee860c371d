"""Checks signed messages of webhooks with the official verifier of Standard Webhooks, and that it refuses what was changed."""

import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

given = json.load(sys.stdin)
assert given["messages"]

for message in given["messages"]:
    headers = {name: message[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    for secret in message["secrets"]:
        verified = Webhook(secret).verify(message["body"], headers)
        assert verified == json.loads(message["body"]), verified
    changes = [
        (headers, message["body"] + " "),
        ({**headers, "webhook-id": headers["webhook-id"] + "x"}, message["body"]),
        ({**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}, message["body"]),
    ]
    for changed, body in changes:
        for secret in message["secrets"]:
            try:
                Webhook(secret).verify(body, changed)
            except WebhookVerificationError:
                continue
            sys.exit(f"{changed} {body} verifies")
    try:
        Webhook(message["foreign"]).verify(message["body"], headers)
    except WebhookVerificationError:
        continue
    sys.exit("another's secret verifies it")

print("ok")
