"""LocalStack's interface for running a function, implemented with plain processes.

LocalStack keeps one executor per execution environment and hands it one invocation at a time;
parallel invocations get an executor each. A process that exits or runs out of time is replaced at
the next invocation, as on Lambda.
"""

import logging
import os
import time
from contextlib import nullcontext
from pathlib import Path

from localstack import config
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from reelvault_executor.runtime_api import InitFailed, Invocation
from reelvault_executor.sandbox import Sandbox, patience
from reelvault_executor.turns import Turns

LOG = logging.getLogger(__name__)

# Variables of LocalStack's own process with this prefix reach every function without it.
HANDED_DOWN = "REELVAULT_FN_"
# Presigned URLs are checked against this pair: a role's temporary keys are unknown to that check.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
KEPT = ("PATH", "REELVAULT_CLOUD")
# On Lambda every instance has a processor of its own while it starts. Here they share a few, and a
# hundred that start together would all run out of the time that Lambda gives to a start. The first
# invocation belongs to it: functions read their secrets then, from an emulator that answers one by one.
STARTING = Turns(2 * (os.cpu_count() or 1))


class ProcessExecutor(RuntimeExecutor):
    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        super().__init__(id=id, function_version=function_version)
        self._environment: dict[str, str] = {}
        self._sandbox: Sandbox | None = None
        self._stopped = False

    def start(self, env_vars: dict[str, str]) -> None:
        self._environment = _environment(env_vars, self.function_version.config.environment or {})
        try:
            self._sandbox = self._new_sandbox()
        except InitFailed as failure:
            # As on Lambda, the invocation that waits for it starts it once more, and says why if that fails too:
            # https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
            LOG.warning("%s did not start: %s", self.function_version.id.function_name, failure)

    def stop(self) -> None:
        self._stopped = True
        if self._sandbox:
            self._sandbox.kill()

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        request_id = payload["invoke-id"]
        try:
            sandbox = self._live_sandbox()
        except InitFailed as failure:
            LOG.warning("%s did not start: %s", self.function_version.id.function_name, failure)
            return InvocationResult(request_id, failure.payload, is_error=True, logs="")
        seconds = self.function_version.config.timeout
        turn = STARTING.one() if sandbox.is_fresh else nullcontext()
        sandbox.is_fresh = False
        with turn:
            started = time.perf_counter()
            answer = sandbox.invoke(_invocation(payload, seconds), patience(seconds))
        elapsed_ms = (time.perf_counter() - started) * 1000
        if answer.is_error:
            LOG.warning("%s failed: %s", self.function_version.id.function_name, answer.payload[:1000].decode(errors="replace"))
        logs = self._with_platform_lines(request_id, sandbox.take_output(), elapsed_ms)
        return InvocationResult(request_id, answer.payload, is_error=answer.is_error, logs=logs)

    def _live_sandbox(self) -> Sandbox:
        if self._sandbox is None or self._sandbox.dead:
            self._sandbox = self._new_sandbox()
        return self._sandbox

    def _new_sandbox(self) -> Sandbox:
        code = self.function_version.config.code.get_unzipped_code_location()
        logs = Path(os.environ["REELVAULT_FUNCTION_LOGS"])
        logs.mkdir(parents=True, exist_ok=True)
        name = self.function_version.id.function_name
        with STARTING.one():
            sandbox = Sandbox(Path(code), self._environment, logs / f"{name}.log")
            if self._stopped:
                sandbox.kill()
            sandbox.wait_until_ready()
        return sandbox

    def _with_platform_lines(self, request_id: str, output: str, elapsed_ms: float) -> str:
        version = self.function_version.id.qualifier
        peak = self._sandbox.peak_memory_mb()
        size = self.function_version.config.memory_size
        return (
            f"START RequestId: {request_id} Version: {version}\n{output}END RequestId: {request_id}\n"
            f"REPORT RequestId: {request_id}\tDuration: {elapsed_ms:.2f} ms\t"
            f"Memory Size: {size} MB\tMax Memory Used: {peak} MB\n"
        )

    def get_logs(self) -> str:
        return self._sandbox.take_output() if self._sandbox else ""

    def get_address(self) -> str:
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}"

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        pass


def _invocation(payload: dict[str, str], seconds: float) -> Invocation:
    """The invocation as it begins now."""
    return Invocation(
        request_id=payload["invoke-id"],
        function_arn=payload["invoked-function-arn"],
        trace_id=payload["trace-id"],
        deadline_ms=int((time.time() + seconds) * 1000),
        payload=payload["payload"].encode(),
    )


def _environment(given: dict[str, str], own: dict[str, str]) -> dict[str, str]:
    """Lambda's variables, then the local cloud's, then the function's own settings."""
    environment = {name: str(value) for name, value in given.items()}
    environment.pop("AWS_SESSION_TOKEN", None)
    environment |= CREDENTIALS
    environment |= {name: os.environ[name] for name in KEPT if name in os.environ}
    for name, value in os.environ.items():
        if name.startswith(HANDED_DOWN):
            environment[name.removeprefix(HANDED_DOWN)] = value
    return environment | {name: str(value) for name, value in own.items()}
