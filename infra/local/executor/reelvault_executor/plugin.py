"""The plugin that LAMBDA_RUNTIME_EXECUTOR=process selects."""

from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    name = "process"

    def load(self, *args, **kwargs):
        from reelvault_executor.executor import ProcessExecutor

        return ProcessExecutor
