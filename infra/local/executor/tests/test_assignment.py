"""Whose a new execution environment is, with LocalStack's own classes around a process that is none."""

import threading
import unittest
from collections import defaultdict
from types import SimpleNamespace
from unittest import mock

from localstack.services.lambda_.invocation import execution_environment
from localstack.services.lambda_.invocation.assignment import AssignmentService
from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment, InvalidStatusException
from localstack.services.lambda_.invocation.lambda_models import InitializationType

from reelvault_executor.assignment import keep_for_the_starter

VERSION = SimpleNamespace(config=SimpleNamespace(capacity_provider_config=None), qualified_arn="arn")


class Listed(dict):
    """A list of environments that someone else looks through as soon as one is entered."""

    taken = False

    def __setitem__(self, id: str, environment: ExecutionEnvironment) -> None:
        super().__setitem__(id, environment)
        other = threading.Thread(target=self._take, args=(environment,))
        other.start()
        other.join()

    def _take(self, environment: ExecutionEnvironment) -> None:
        try:
            environment.reserve()
            self.taken = True
        except InvalidStatusException:
            pass


class AssignmentTest(unittest.TestCase):
    def setUp(self) -> None:
        for owner, name in (
            (AssignmentService, "start_environment"),
            (ExecutionEnvironment, "reserve"),
            (ExecutionEnvironment, "get_environment_variables"),
            (execution_environment, "get_runtime_executor"),
        ):
            patched = mock.patch.object(owner, name, getattr(owner, name))
            patched.start()
            self.addCleanup(patched.stop)
        ExecutionEnvironment.get_environment_variables = lambda _self: {}
        execution_environment.get_runtime_executor = lambda: mock.MagicMock()
        self.service = AssignmentService()
        self.addCleanup(self.service.stop)
        self.listed = Listed()
        self.service.environments = defaultdict(dict, {"version": self.listed})

    def environment(self):
        return self.service.get_environment("version", VERSION, InitializationType.on_demand)

    def test_without_our_change_another_takes_it_and_the_starter_fails(self) -> None:
        with self.assertRaises(InvalidStatusException), self.environment():
            pass
        self.assertTrue(self.listed.taken)

    def test_a_new_environment_is_its_starters_and_then_anyones(self) -> None:
        keep_for_the_starter()
        with self.environment() as environment:
            self.addCleanup(environment.stop)
            self.assertFalse(self.listed.taken)
        other = threading.Thread(target=self.listed._take, args=(environment,))
        other.start()
        other.join()
        self.assertTrue(self.listed.taken)


if __name__ == "__main__":
    unittest.main()
