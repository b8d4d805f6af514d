"""Local mode's client of the SageMaker SDK, second version."""

import local
from sagemaker.local.local_session import LocalSagemakerRuntimeClient


class LocalModeV2(local.LocalMode):
    """It asks the container's own route, unsigned."""

    CLIENT = LocalSagemakerRuntimeClient
