"""Points LocalStack's DynamoDB provider at a server that is already running.

Its own way is to download a JDK and DynamoDB Local. The server's port comes from
DYNAMODB_LOCAL_PORT; whoever started the server also ends it.
"""

import threading

from localstack.runtime import hooks
from localstack.utils.threads import FuncThread, start_thread


def _attach(_server) -> FuncThread:
    """Stands in for the thread that would run the server's process."""
    forever = threading.Event()
    return start_thread(lambda *_: forever.wait(), name="dynamodb-attached")


@hooks.on_infra_start()
def attach_dynamodb() -> None:
    from localstack.services.dynamodb.server import DynamodbServer

    DynamodbServer.do_start_thread = _attach
