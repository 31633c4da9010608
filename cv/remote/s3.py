"""Download of one file from S3, or a service like it, with botocore (extra `remote`).

Credentials, region and endpoint come from the AWS configuration: environment and files. Without
credentials the request is anonymous. No other service is asked for credentials, neither the
instance metadata of a virtual machine nor that of a container.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from botocore import UNSIGNED, exceptions
from botocore.config import Config
from botocore.session import Session

from cv.remote.download_stream import TIMEOUT_S, ByteStream, checked_chunks, network_errors
from cv.remote.remote_address import RemoteAddress

_LOCAL_PROVIDERS = (
    *("env", "shared-credentials-file", "custom-process", "config-file"),
    *("ec2-credentials-file", "boto-config"),
)
"""Sources of credentials that contact no other service."""
_FAILURES = (
    exceptions.BotoCoreError,
    exceptions.ClientError,
    exceptions.HTTPClientError,
    OSError,
    ValueError,  # an endpoint that is not an address
)


@contextmanager
def open_stream(address: RemoteAddress) -> Iterator[ByteStream]:
    """Request the file at `address` and yield it as a stream; raise SceneError."""
    with network_errors(address, _FAILURES):
        answer = _client().get_object(Bucket=address.host, Key=address.target)
    with closing(answer["Body"]) as body:
        chunks = checked_chunks(address, body.iter_chunks(2**12), _FAILURES)
        yield answer.get("ContentLength"), chunks


def _client() -> Any:
    session: Any = Session()
    resolver = session.get_component("credential_provider")
    for provider in list(resolver.providers):
        if provider.METHOD not in _LOCAL_PROVIDERS:
            resolver.providers.remove(provider)
    signature = {} if session.get_credentials() else {"signature_version": UNSIGNED}
    timeouts = {"connect_timeout": TIMEOUT_S, "read_timeout": TIMEOUT_S}
    region = session.get_config_variable("region") or "us-east-1"
    config = Config(proxies={}, **timeouts, **signature)
    return session.create_client("s3", region_name=region, config=config)
