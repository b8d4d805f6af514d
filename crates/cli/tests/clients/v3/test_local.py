"""Local mode's client of the SageMaker SDK, third version."""

import local
from sagemaker.core.local.local_session import LocalSagemakerRuntimeClient


class LocalModeV3(local.LocalMode):
    """It asks the container's own route, unsigned."""

    CLIENT = LocalSagemakerRuntimeClient
