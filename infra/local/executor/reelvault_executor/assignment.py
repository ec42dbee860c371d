"""Gives an execution environment that was just started to the invocation that started it.

LocalStack enters a new environment into its list and reserves it in a second step. Another invocation
that looks through the list in between takes it, and the one that waited for the start ends in an
internal error: with a hundred callers at once, a 500 now and then that no function ever sent.
"""

import functools
import threading

from localstack.runtime import hooks

MAKER = "_reelvault_maker"


@hooks.on_infra_start()
def keep_for_the_starter() -> None:
    from localstack.services.lambda_.invocation.assignment import AssignmentService
    from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment, InvalidStatusException

    start, reserve = AssignmentService.start_environment, ExecutionEnvironment.reserve

    @functools.wraps(start)
    def start_environment(self, *arguments, **named):
        environment = start(self, *arguments, **named)
        setattr(environment, MAKER, threading.get_ident())
        return environment

    @functools.wraps(reserve)
    def reserve_unless_another_started_it(self):
        if getattr(self, MAKER, None) not in (None, threading.get_ident()):
            raise InvalidStatusException(f"Execution environment {self.id} is kept for the invocation that started it.")
        reserve(self)
        setattr(self, MAKER, None)

    AssignmentService.start_environment = start_environment
    ExecutionEnvironment.reserve = reserve_unless_another_started_it
