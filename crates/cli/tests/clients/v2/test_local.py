"""Local mode's client of the SageMaker SDK, second version."""

from local import LocalMode
from sagemaker.local.local_session import LocalSagemakerRuntimeClient


class LocalModeV2(LocalMode):
    """It asks the container's own route, unsigned."""

    CLIENT = LocalSagemakerRuntimeClient
