"""Gives the key value store of a stack's distribution the versions of the secret of tokens in paths.

Takes the stack's name. Versions that the secret has no more are taken away. Credentials and region are the ambient ones;
the store's own API is signed by SigV4A, which botocore needs awscrt for.
"""

import json
import sys

import boto3


def outputs(stack: str) -> dict[str, str]:
    found = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}


def wanted(arn: str) -> dict[str, str]:
    text = boto3.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    versions = json.loads(text)
    return {name: text for name, text in versions.items() if name not in ("current", "rotation")}


def update(store: str, versions: dict[str, str]) -> None:
    client = boto3.client("cloudfront-keyvaluestore")
    pages = client.get_paginator("list_keys").paginate(KvsARN=store)
    kept = {item["Key"]: item["Value"] for page in pages for item in page.get("Items", [])}
    puts = [{"Key": key, "Value": value} for key, value in versions.items() if kept.get(key) != value]
    deletes = [{"Key": key} for key in kept if key not in versions]
    if puts or deletes:
        etag = client.describe_key_value_store(KvsARN=store)["ETag"]
        client.update_keys(KvsARN=store, IfMatch=etag, Puts=puts, Deletes=deletes)
    print(f"{len(versions)} versions at the edge: {len(puts)} new, {len(deletes)} gone")


def main() -> None:
    told = outputs(sys.argv[1])
    update(told["PathSecretsArn"], wanted(told["PathMacSecretArn"]))


if __name__ == "__main__":
    main()
