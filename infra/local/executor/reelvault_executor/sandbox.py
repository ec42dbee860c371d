"""One process of a function, from start to end: its Runtime API, its output, its time limit."""

import os
import select
import shutil
import signal
import subprocess
import tempfile
import threading
from concurrent.futures import Future, TimeoutError as FutureTimeout
from pathlib import Path

from reelvault_executor.runtime_api import Answer, InitFailed, Invocation, RuntimeApi, error_payload

# Lambda's limit for the phase before the first poll is 10 s, on a processor of its own. Here they share a few, with
# everything else that the machine does; what a start costs is for a benchmark to say.
INIT_SECONDS = 60
# API Gateway waits this long at most: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
GATEWAY_SECONDS = 30.0


class Sandbox:
    """A running `bootstrap`. Once `dead`, it stays so: the next invocation takes a new one."""

    def __init__(self, code: Path, environment: dict[str, str], log: Path) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lines = bytearray()
        self._reading = threading.Lock()
        self._state = threading.Lock()
        self._working_on: Future[Answer] | None = None
        self.dead = False
        # Until its first invocation.
        self.is_fresh = True
        self._scratch = tempfile.mkdtemp(prefix="function-")
        self._api = RuntimeApi()
        self._process = self._spawn(code, environment)
        os.set_blocking(self._process.stdout.fileno(), False)
        threading.Thread(target=self._follow_output, daemon=True).start()
        threading.Thread(target=self._follow_exit, daemon=True).start()

    def _spawn(self, code: Path, environment: dict[str, str]) -> subprocess.Popen:
        own = {
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "LAMBDA_TASK_ROOT": str(code),
            "TMPDIR": self._scratch,
        }
        try:
            return subprocess.Popen(
                [str(code / "bootstrap")],
                cwd=code,
                env=environment | own,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                bufsize=0,
                # A group of its own, so that what the function starts ends with it.
                process_group=0,
            )
        except OSError as error:
            self._api.close()
            os.close(self._log)
            shutil.rmtree(self._scratch, ignore_errors=True)
            raise InitFailed(error_payload("Runtime.InvalidEntrypoint", f"Error: {error}")) from error

    def wait_until_ready(self) -> None:
        """Raises `InitFailed` when the function does not get to its first poll."""
        try:
            self._api.initialised.result(timeout=INIT_SECONDS)
        except FutureTimeout:
            self.kill()
            message = f"Error: Init did not finish within {INIT_SECONDS} seconds"
            raise InitFailed(error_payload("Sandbox.Timedout", message)) from None
        except InitFailed:
            self.kill()
            raise

    def invoke(self, invocation: Invocation, seconds: float) -> Answer:
        with self._state:
            self._working_on = invocation.answer
            if self.dead:
                self._fail_current("Runtime exited before it was invoked")
        self._api.offer(invocation)
        try:
            return invocation.answer.result(timeout=seconds)
        except FutureTimeout:
            self.kill()
            message = f"RequestId: {invocation.request_id} Error: Task timed out after {seconds:.2f} seconds"
            return Answer(error_payload("Sandbox.Timedout", message), is_error=True)
        finally:
            with self._state:
                self._working_on = None

    def take_output(self) -> str:
        """What the function has written since the last call. A line written before the answer is in it."""
        self._drain()
        with self._reading:
            output = self._lines.decode(errors="replace")
            self._lines.clear()
        return output

    def peak_memory_mb(self) -> int:
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:
            return 0
        peak = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
        return int(peak[0]) // 1024 if peak else 0

    def kill(self) -> None:
        """Ends the process and all that it started. Safe to repeat."""
        with self._state:
            self.dead = True
        if self._process.returncode is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def _follow_exit(self) -> None:
        code = self._process.wait()
        reason = f"exit status {code}" if code >= 0 else f"signal: {signal.Signals(-code).name}"
        message = f"Runtime exited with error: {reason}"
        with self._state:
            self.dead = True
            self._fail_current(message)
        self._api.init_failed(error_payload("Runtime.ExitError", message))
        # Children that outlived it.
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        self._api.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _fail_current(self, message: str) -> None:
        waiting = self._working_on
        if waiting is not None and not waiting.done():
            waiting.set_result(Answer(error_payload("Runtime.ExitError", f"Error: {message}"), is_error=True))

    def _follow_output(self) -> None:
        poll = select.poll()
        poll.register(self._process.stdout, select.POLLIN)
        while poll.poll() and self._drain():
            pass
        with self._reading:
            self._process.stdout.close()
            os.close(self._log)
            self._log = -1

    def _drain(self) -> bool:
        """Copies what the pipe holds now; False at its end."""
        with self._reading:
            while self._log >= 0:
                try:
                    chunk = os.read(self._process.stdout.fileno(), 65536)
                except BlockingIOError:
                    return True
                if not chunk:
                    return False
                os.write(self._log, chunk)
                self._lines += chunk
        return False


def patience(seconds: float) -> float:
    """How long an invocation may take here, of a function with this time limit.

    On Lambda each instance has its processor and nothing else holds it up; here a hundred share two with builds and
    browsers, so a function that answers requests has all the time for which API Gateway would wait. The others are held
    to their limit: a queue's visibility timeout rests on it.
    """
    return max(seconds, GATEWAY_SECONDS)
