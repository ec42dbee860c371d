"""Brings the emulator's uploads in parts closer to S3's."""

import base64
import functools
import io
import threading

from localstack.runtime import hooks


@hooks.on_infra_start()
def complete_one_at_a_time() -> None:
    """Of completions at once one makes the object and the others find no upload; unguarded, they spoil it."""
    from localstack.services.s3.provider import S3Provider

    given = S3Provider.complete_multipart_upload
    turn = threading.Lock()

    # Keeps the mark by which the provider's operations are found.
    @functools.wraps(given)
    def complete_multipart_upload(*arguments, **named):
        with turn:
            return given(*arguments, **named)

    S3Provider.complete_multipart_upload = complete_multipart_upload


@hooks.on_infra_start()
def compute_missing_checksums() -> None:
    """Takes parts without a checksum where the upload's checksum is that of the full object.

    So does S3, which computes what it needs then; the emulator wants one with every part.
    """
    from localstack.services.s3.provider import S3Provider
    from localstack.services.s3.utils import get_s3_checksum

    given = S3Provider.upload_part

    @functools.wraps(given)
    def upload_part(self, context, request):
        if algorithm := _missing(self, context, request):
            body = request["Body"].read()
            checksum = get_s3_checksum(algorithm)
            checksum.update(body)
            request["Body"] = io.BytesIO(body)
            request[f"Checksum{algorithm}"] = base64.b64encode(checksum.digest()).decode()
        return given(self, context, request)

    S3Provider.upload_part = upload_part


def _missing(provider, context, request) -> str | None:
    """The algorithm of the checksum that S3 would compute for this part."""
    _, bucket = provider._get_cross_account_bucket(context, request["Bucket"])
    upload = bucket.multiparts.get(request.get("UploadId"))
    if upload is None or upload.checksum_type != "FULL_OBJECT" or not request.get("Body"):
        return None
    headers = context.request.headers
    trailing = "x-amz-trailer" in headers or "aws-chunked" in headers.get("content-encoding", "")
    given = any(name.startswith("Checksum") and value for name, value in request.items())
    return None if given or trailing else upload.checksum_algorithm
