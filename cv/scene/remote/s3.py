"""One file from S3 or what speaks like it (extra `s3`), from a bucket that is allowed.

Credentials, region and endpoint are those of the AWS configuration: environment and files. Without
credentials the bucket is asked as anybody may. No other service is asked for credentials: neither
the metadata of a virtual machine nor that of a container.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from cv.errors import InputError
from cv.scene.remote.address import RemoteAddress
from cv.scene.remote.allow_list import AllowList
from cv.scene.remote.stream import TIMEOUT_S, ByteStream, network_errors

_ASKING = ("iam-role", "container-role", "assume-role", "assume-role-with-web-identity", "sso")
"""Ways to credentials that ask another service."""
_PART = 2**12
"""Bytes that are waited for."""


@contextmanager
def open_stream(address: RemoteAddress, allowed: AllowList) -> Iterator[ByteStream]:
    """The file at `address`; raises SceneError, and InputError without botocore."""
    allowed.check(address)
    failures = _failures()
    with network_errors(address, failures):
        answer = _client().get_object(Bucket=address.host, Key=address.target)
    with closing(answer["Body"]) as body:

        def some(_: int) -> bytes:  # `body.read` waits until all that it is asked for is there
            return bytes(body.read(_PART))

        yield ByteStream(address, some, answer.get("ContentLength"), failures)


def _client() -> Any:
    from botocore import UNSIGNED
    from botocore.config import Config
    from botocore.session import Session

    session: Any = Session()
    providers = session.get_component("credential_provider")
    for name in _ASKING:
        providers.remove(name)
    settings: dict[str, Any] = {
        "connect_timeout": TIMEOUT_S,
        "read_timeout": TIMEOUT_S,
        "proxies": {},
    }
    if session.get_credentials() is None:
        settings["signature_version"] = UNSIGNED
    region = session.get_config_variable("region") or "us-east-1"
    return session.create_client("s3", region_name=region, config=Config(**settings))


def _failures() -> tuple[type[Exception], ...]:
    """What botocore raises; a setting that is no address is a ValueError."""
    try:
        from botocore import exceptions
    except ImportError as error:
        raise InputError(
            "s3://",
            "botocore is not installed",
            "scenes in S3 need it",
            'Install it: pip install "pierwatch[s3]".',
        ) from error
    own = (exceptions.BotoCoreError, exceptions.ClientError, exceptions.HTTPClientError)
    return (*own, OSError, ValueError)
