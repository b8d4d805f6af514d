"""Local mode's client of the SageMaker SDK, third version."""

from local import LocalMode
from sagemaker.core.local.local_session import LocalSagemakerRuntimeClient


class LocalModeV3(LocalMode):
    """It asks the container's own route, unsigned."""

    CLIENT = LocalSagemakerRuntimeClient
