"""What a function's process meets, without LocalStack around it.

PYTHONPATH=infra/local/executor python -m unittest infra/local/executor/tests/test_sandbox.py
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from reelvault_executor.runtime_api import MAX_RESPONSE, InitFailed, Invocation
from reelvault_executor.sandbox import GATEWAY_SECONDS, Sandbox, patience

BOOTSTRAP = f"""#!{sys.executable}
import json, os, subprocess, sys, time, urllib.error
from urllib.request import Request, urlopen
api = f"http://{{os.environ['AWS_LAMBDA_RUNTIME_API']}}/2018-06-01/runtime"
start = os.environ.get("START")
if start == "exit": sys.exit(3)
if start == "error": urlopen(Request(api + "/init/error", data=b'{{"errorType":"Init"}}')); sys.exit(1)
while True:
    reply = urlopen(api + "/invocation/next")
    id = reply.headers["Lambda-Runtime-Aws-Request-Id"]
    event = json.loads(reply.read())
    print("working on", id, flush=True)
    do = event.get("do")
    if do == "exit": sys.exit(event["code"])
    if do == "child": print(subprocess.Popen(["sleep", "600"]).pid, flush=True)
    if do in ("hang", "child"): time.sleep(600)
    body = b"x" * event["size"] if do == "big" else json.dumps({{"pid": os.getpid()}}).encode()
    if do == "chunked": body = iter([b'{{"parts":', b"2}}"])
    kind = "error" if do == "fail" else "response"
    try: urlopen(Request(f"{{api}}/invocation/{{id}}/{{kind}}", data=body, headers={{"Content-Type": "application/json"}}))
    except urllib.error.HTTPError as refused: print("refused", refused.code, flush=True)
"""


class SandboxTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "bootstrap").write_text(BOOTSTRAP)
        (self.folder / "bootstrap").chmod(0o755)

    def sandbox(self, **environment: str) -> Sandbox:
        sandbox = Sandbox(self.folder, dict(os.environ) | environment, self.folder / "function.log")
        self.addCleanup(sandbox.kill)
        return sandbox

    def ready(self) -> Sandbox:
        sandbox = self.sandbox()
        sandbox.wait_until_ready()
        return sandbox

    def invoke(self, sandbox: Sandbox, seconds: float = 20, **event):
        payload = json.dumps(event).encode()
        return sandbox.invoke(Invocation("request-1", "arn", "trace", int(time.time() * 1000), payload), seconds)

    def test_one_process_answers_again_and_again(self) -> None:
        sandbox = self.ready()
        first, second = self.invoke(sandbox), self.invoke(sandbox)
        self.assertFalse(first.is_error)
        self.assertEqual(first.payload, second.payload)

    def test_what_it_wrote_before_its_answer_is_there_at_once(self) -> None:
        sandbox = self.ready()
        self.invoke(sandbox)
        self.assertIn("working on request-1", sandbox.take_output())
        self.assertEqual(sandbox.take_output(), "")
        self.assertIn("working on request-1", (self.folder / "function.log").read_text())

    def test_an_error_of_the_function_is_an_error(self) -> None:
        self.assertTrue(self.invoke(self.ready(), do="fail").is_error)

    def test_an_exit_answers_the_caller(self) -> None:
        sandbox = self.ready()
        answer = self.invoke(sandbox, do="exit", code=0)
        self.assertTrue(answer.is_error)
        self.assertEqual(json.loads(answer.payload)["errorType"], "Runtime.ExitError")
        self.assertTrue(sandbox.dead)

    def test_the_time_limit_ends_the_process_and_its_children(self) -> None:
        sandbox = self.ready()
        answer = self.invoke(sandbox, seconds=1, do="child")
        self.assertEqual(json.loads(answer.payload)["errorType"], "Sandbox.Timedout")
        child = int(sandbox.take_output().split()[-1])
        for _ in range(200):
            state = subprocess.run(["ps", "-o", "state=", "-p", str(child)], capture_output=True, text=True)
            if state.stdout.strip() in ("", "Z"):
                return
            time.sleep(0.02)
        self.fail("the child lives on")

    def test_who_answers_requests_has_the_gateway_s_time_and_the_others_their_own(self) -> None:
        self.assertEqual(patience(10), GATEWAY_SECONDS)
        self.assertEqual(patience(600), 600)

    def test_a_function_that_cannot_start_says_why(self) -> None:
        for start, expected in (("exit", "Runtime.ExitError"), ("error", "Init")):
            with self.assertRaises(InitFailed) as failure:
                self.sandbox(START=start).wait_until_ready()
            self.assertEqual(json.loads(failure.exception.payload)["errorType"], expected)

    def test_a_program_that_is_none_says_so(self) -> None:
        (self.folder / "bootstrap").write_bytes(b"\x7fELFnot")
        with self.assertRaises(InitFailed) as failure:
            self.sandbox()
        self.assertEqual(json.loads(failure.exception.payload)["errorType"], "Runtime.InvalidEntrypoint")

    def test_an_answer_in_chunks_is_whole(self) -> None:
        self.assertEqual(self.invoke(self.ready(), do="chunked").payload, b'{"parts":2}')

    def test_an_answer_over_the_limit_is_refused(self) -> None:
        sandbox = self.ready()
        self.assertFalse(self.invoke(sandbox, do="big", size=MAX_RESPONSE).is_error)
        answer = self.invoke(sandbox, do="big", size=MAX_RESPONSE + 1)
        self.assertEqual(json.loads(answer.payload)["errorType"], "Function.ResponseSizeTooLarge")


if __name__ == "__main__":
    unittest.main()
