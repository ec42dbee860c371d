"""Uploads a film with boto3's own HTTP session and checksums: upload.py FILM

REELVAULT_API and REELVAULT_TOKEN say where and who. Needs `pip install 'boto3[crt]'`, and no key of AWS: the requests come
signed. The film's CRC-64/NVME is announced, S3 compares it with what arrived, and so does finalize.
"""

import base64
import json
import os
import sys

from awscrt import checksums
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

API = os.environ["REELVAULT_API"]
TOKEN = os.environ["REELVAULT_TOKEN"]
SESSION = URLLib3Session(timeout=60)
MIB = 1024 * 1024


def send(method, url, headers, body=None):
    reply = SESSION.send(AWSRequest(method, url, headers, body).prepare())
    if reply.status_code >= 300:
        sys.exit(f"{method} {url.split('?')[0]}: {reply.status_code} {reply.text}")
    return reply


def call(method, path, body=None):
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    return json.loads(send(method, API + path, headers, body and json.dumps(body)).content)


def checksum(film):
    crc = 0
    while octets := film.read(8 * MIB):
        crc = checksums.crc64nvme(octets, crc)
    return base64.b64encode(crc.to_bytes(8, "big")).decode()


def put(film, part_size, part):
    film.seek((part["number"] - 1) * part_size)
    return send("PUT", part["url"], part["headers"], film.read(part["size"]))


def upload(path):
    with open(path, "rb") as film:
        slot = call("POST", "/v1/uploads", {
            "filename": os.path.basename(path),
            "size": os.path.getsize(path),
            "content_type": "video/mp4",
            "checksum": {"algorithm": "crc64nvme", "value": checksum(film)},
        })
        upload = f"/v1/uploads/{slot['asset_id']}"
        # A hundred parts are signed at a time.
        for first in range(1, slot["part_count"] + 1, 100):
            numbers = list(range(first, min(first + 100, slot["part_count"] + 1)))
            for part in call("POST", f"{upload}/parts", {"part_numbers": numbers})["parts"]:
                put(film, slot["part_size"], part)
    return call("POST", f"{upload}/finalize")


print(json.dumps(upload(sys.argv[1])))
