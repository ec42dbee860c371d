"""Makes secrets in Secrets Manager where they are missing.

Reads {name: text} from its standard input and writes {name: {"arn": …, "text": …}}, the texts being
those that are kept: a secret that exists stays as it is. Credentials and region are the ambient ones.
"""

import json
import sys

import boto3


def ensure(client, name: str, text: str) -> dict[str, str]:
    try:
        arn = client.create_secret(Name=name, SecretString=text)["ARN"]
        return {"arn": arn, "text": text}
    except client.exceptions.ResourceExistsException:
        kept = client.get_secret_value(SecretId=name)
        return {"arn": kept["ARN"], "text": kept["SecretString"]}


def main() -> None:
    client = boto3.client("secretsmanager")
    wishes = json.load(sys.stdin)
    json.dump({name: ensure(client, name, text) for name, text in wishes.items()}, sys.stdout)


if __name__ == "__main__":
    main()
