"""What makes a start and a deployment fast.

LocalStack loads each service at its first call, waits whole seconds between looks at a resource that
is being made, and keeps CloudWatch metrics of every invocation. Here the services that the stack uses
are loaded as soon as the gateway listens, the looks come quicker, and the metrics are left out:
nothing in the local cloud reads them.
"""

import logging
import threading

from localstack.runtime import hooks

LOG = logging.getLogger(__name__)

# In the order in which a deployment needs them.
SERVICES = ["secretsmanager", "s3", "cloudformation", "sts", "dynamodb", "iam", "sqs", "events", "logs", "lambda", "cloudwatch"]
LOOK_SECONDS = 0.1


@hooks.on_infra_ready()
def warm_up() -> None:
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()


def _warm_up() -> None:
    from localstack.services import stores
    from localstack.services.plugins import SERVICE_PLUGINS
    from localstack.utils.aws import aws_stack

    # Reading botocore's lists anew for each service takes a second in all.
    stores.get_valid_regions_for_service = lambda _service: aws_stack.get_valid_regions()
    for service in SERVICES:
        try:
            SERVICE_PLUGINS.require(service)
            TUNE.get(service, lambda: None)()
        except Exception:
            LOG.warning("could not load %s in advance", service, exc_info=True)


def _look_often() -> None:
    from localstack import config
    from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor

    # Its last two parameters: the limit, and the time between two looks.
    ResourceProviderExecutor.deploy_loop.__defaults__ = (config.CFN_PER_RESOURCE_TIMEOUT, LOOK_SECONDS)


def _keep_no_metrics() -> None:
    from localstack.services.lambda_.invocation import version_manager

    version_manager.record_cw_metric_invocation = _nothing
    version_manager.record_cw_metric_error = _nothing


def _nothing(**_kwargs) -> None:
    pass


TUNE = {"cloudformation": _look_often, "lambda": _keep_no_metrics}
