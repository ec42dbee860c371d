"""The Lambda Runtime API of one process, on a port of its own.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. One process, one instance: when a
process is replaced, so is this, and a poll that the old process left hanging can take no invocation
from the new one.
"""

import json
import queue
import threading
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION = "/2018-06-01"
# What Lambda accepts as a synchronous response, with its own allowance on top.
MAX_RESPONSE = 6 * 1024 * 1024 + 100


@dataclass(frozen=True)
class Answer:
    """How an invocation ended: the function's bytes and whether they describe an error."""

    payload: bytes
    is_error: bool


@dataclass(frozen=True)
class Invocation:
    request_id: str
    function_arn: str
    trace_id: str
    deadline_ms: int
    payload: bytes
    answer: "Future[Answer]" = field(default_factory=Future)


class RuntimeApi:
    """Offers invocations to the process that polls it and gathers the answers."""

    def __init__(self) -> None:
        self.initialised: Future[None] = Future()
        self._offers: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self._current: Invocation | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        """The value of AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def offer(self, invocation: Invocation) -> None:
        self._offers.put(invocation)

    def close(self) -> None:
        """Lets every hanging poll go and frees the port."""
        self._offers.put(None)
        self._server.shutdown()
        self._server.server_close()

    def next(self) -> Invocation | None:
        """Blocks until there is work; None once closed."""
        _settle(self.initialised, None)
        invocation = self._offers.get()
        if invocation is None:
            self._offers.put(None)
        self._current = invocation
        return invocation

    def answer(self, request_id: str, answer: Answer) -> bool:
        """False when the request is not the one being worked on."""
        current = self._current
        if current is None or current.request_id != request_id:
            return False
        return _settle(current.answer, answer)

    def init_failed(self, payload: bytes) -> None:
        if not self.initialised.done():
            self.initialised.set_exception(InitFailed(payload))


class InitFailed(Exception):
    """The function reported, or showed by exiting, that it could not start."""

    def __init__(self, payload: bytes) -> None:
        super().__init__(payload.decode(errors="replace"))
        self.payload = payload


def _settle(future: Future, value) -> bool:
    try:
        future.set_result(value)
    except InvalidStateError:
        return False
    return True


def error_payload(error_type: str, message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()


def _handler_for(api: RuntimeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # One write per reply, sent at once: otherwise Nagle adds 40 ms.
        wbufsize = 65536
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            if self.path != f"{VERSION}/runtime/invocation/next":
                return self._reply(404)
            invocation = api.next()
            if invocation is None:
                return self._reply(410)
            headers = {
                "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
                "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
                "Lambda-Runtime-Trace-Id": invocation.trace_id,
            }
            self._reply(200, invocation.payload, headers)

        def do_POST(self) -> None:
            body = self._body()
            match self.path.removeprefix(f"{VERSION}/runtime/").split("/"):
                case ["init", "error"]:
                    api.init_failed(body)
                    self._reply(202, b'{"status":"OK"}')
                case ["invocation", request_id, "response"]:
                    self._settle(request_id, body, is_error=False)
                case ["invocation", request_id, "error"]:
                    self._settle(request_id, body, is_error=True)
                case _:
                    self._reply(404)

        def _settle(self, request_id: str, body: bytes, is_error: bool) -> None:
            if len(body) > MAX_RESPONSE:
                message = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE} bytes)."
                body = error_payload("Function.ResponseSizeTooLarge", message)
                api.answer(request_id, Answer(body, is_error=True))
                return self._reply(413, body)
            if api.answer(request_id, Answer(body, is_error)):
                return self._reply(202, b'{"status":"OK"}')
            self._reply(400, error_payload("InvalidRequestID", "Invalid request ID"))

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = bytearray()
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return bytes(body)

        def _reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
            self.send_response_only(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def log_message(self, *_args) -> None:
            pass

    return Handler
