"""Stores elsewhere (S3, web servers): what is there, and its bytes, by fsspec; and what goes wrong there, in words of our own.

What these libraries say of errors may hold keys, signatures and addresses with passwords. So nothing of it is passed on: an
error is told by its kind (:func:`trouble`).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import email.utils
import errno
import logging
from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import Any

from msgspec import Struct

from dq_engine import libraries

LIBRARIES = {"s3": ("fsspec", "s3fs"), "http": ("fsspec", "aiohttp"), "https": ("fsspec", "aiohttp")}
"""What reading from a place with a scheme needs."""
LOGGERS = ("s3fs", "fsspec", "botocore", "aiobotocore", "aiohttp", "asyncio")
"""Who would log what must not be seen."""
CONNECTING, WAITING = 10, 30
"""Seconds until a server answers, and between two pieces of what it sends."""
PIECE = 1 << 20
"""Bytes that are asked for at once."""
MOST = 100_000
"""Files that are listed for one path."""


class Entry(Struct, frozen=True):
    """A file of a store: its path there, its size, and what the store says of its state. ``modified_ns`` is 0 if unknown."""

    path: str
    bytes: int
    etag: str = ""
    version: str = ""
    modified_ns: int = 0


class Trouble(Exception):
    """What a store did not do, in words that may be shown. ``passing``: it is worth another try."""

    def __init__(self, words: str, *, passing: bool = False) -> None:
        self.passing = passing
        super().__init__(words)


class S3:
    """Buckets, with the credentials and the endpoint that botocore finds, or as nobody if ``anonymous``.

    Paths are ``bucket/key``. All methods raise :class:`Trouble`.
    """

    def __init__(self, *, anonymous: bool) -> None:
        import fsspec  # noqa: PLC0415  most extracts are here

        settings = {
            "connect_timeout": CONNECTING,
            "read_timeout": WAITING,
            "retries": {"total_max_attempts": 1, "mode": "standard"},
        }
        self.files = fsspec.filesystem(
            "s3",
            anon=anonymous,
            asynchronous=True,
            loop=asyncio.get_running_loop(),
            skip_instance_cache=True,
            config_kwargs=settings,
        )
        self.files.retries = 1  # who asks counts the tries

    async def entry(self, path: str) -> Entry | None:
        """The file at a path; None if there is none."""
        bucket, _, key = path.partition("/")
        try:
            found = await self._ask("head_object", Bucket=bucket, Key=key)
        except _NotThere:
            return None
        except _Bare:  # S3 answers HEAD without words; of a list it says why it gives none
            await self._ask("list_objects_v2", Bucket=bucket, Prefix=key, MaxKeys=1)
            raise
        modified = _nanoseconds(found.get("LastModified"))
        return Entry(path, found["ContentLength"], found.get("ETag", ""), _version(found), modified)

    async def listed(self, path: str, *, deep: bool) -> list[Entry]:
        """The files whose paths begin with ``path``; unless ``deep`` those without a further "/"."""
        bucket, _, prefix = path.partition("/")
        asked: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix, **({} if deep else {"Delimiter": "/"})}
        entries: list[Entry] = []
        while True:
            try:
                page = await self._ask("list_objects_v2", **asked)
            except _NotThere:
                raise Trouble("there is no such bucket") from None
            for one in page.get("Contents", ()):
                modified = _nanoseconds(one.get("LastModified"))
                entries.append(Entry(f"{bucket}/{one['Key']}", one["Size"], one.get("ETag", ""), modified_ns=modified))
            if len(entries) > MOST:
                raise Trouble(f"more than {MOST:,} files are there: name a folder further down")
            if not page.get("IsTruncated"):
                return entries
            asked["ContinuationToken"] = page["NextContinuationToken"]

    async def read(self, entry: Entry) -> AsyncGenerator[bytes, None]:
        """The bytes of a file, as one answer to one request: they belong together. Checksums that S3 sends are compared."""
        bucket, _, key = entry.path.partition("/")
        same = {"IfMatch": entry.etag} if entry.etag else {}
        try:
            body = (await self._ask("get_object", Bucket=bucket, Key=key, **same))["Body"]
        except _NotThere:
            raise Trouble("does not exist any more") from None
        try:
            while piece := await body.read(PIECE):
                yield piece
        except Exception as error:
            raise trouble(error) from None
        finally:
            body.close()

    async def close(self) -> None:
        """Ends the connections."""
        if self.files._s3 is not None:  # nothing public closes it
            await self.files._s3.__aexit__(None, None, None)

    async def _ask(self, method: str, **asked: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = await self.files._call_s3(method, **asked)
        except Exception as error:
            raise trouble(error) from None
        return answer


class Web:
    """Files of web servers. Paths are whole addresses. All methods raise :class:`Trouble`."""

    def __init__(self, *, anonymous: bool) -> None:
        import aiohttp  # noqa: PLC0415  most extracts are here
        import fsspec  # noqa: PLC0415

        limits = aiohttp.ClientTimeout(total=None, sock_connect=CONNECTING, sock_read=WAITING)
        self.files = fsspec.filesystem(
            "http",
            asynchronous=True,
            loop=asyncio.get_running_loop(),
            skip_instance_cache=True,
            encoded=True,
            client_kwargs={"timeout": limits},
        )

    async def entry(self, path: str) -> Entry | None:
        """The file at an address; None if there is none."""
        try:
            found = await self.files._info(path)
        except Exception as error:
            if isinstance(told := trouble(error), _NotThere):
                return None
            raise told from None
        if found["size"] is None:
            raise Trouble("the server does not say how large it is")
        said = found.get("Last-Modified")
        modified = _nanoseconds(email.utils.parsedate_to_datetime(said)) if said else 0
        return Entry(path, found["size"], found.get("ETag", ""), modified_ns=modified)

    async def read(self, entry: Entry) -> AsyncGenerator[bytes, None]:
        """The bytes of a file."""
        try:
            session = await self.files.set_session()
            async with session.get(self.files.encode_url(entry.path), headers={"Accept-Encoding": "identity"}) as answer:
                answer.raise_for_status()
                async for piece in answer.content.iter_chunked(PIECE):
                    yield piece
        except Exception as error:
            raise trouble(error) from None

    async def close(self) -> None:
        """Ends the connections."""
        if self.files._session is not None:
            await self.files._session.close()


def store(scheme: str, *, anonymous: bool) -> S3 | Web:
    """The store for addresses of a scheme. Raises :class:`Trouble`. To be called where the event loop runs."""
    try:
        return S3(anonymous=anonymous) if scheme == "s3" else Web(anonymous=anonymous)
    except Exception as error:
        raise trouble(error) from None


def needed(scheme: str) -> None:
    """Loads the libraries for a scheme. Raises :class:`dq_engine.errors.UsageError` if one is not installed."""
    libraries.needed(LIBRARIES[scheme], f"reading from {scheme}://", "s3")


def hushed() -> dict[logging.Logger, int]:
    """Makes the libraries log nothing from here on; gives the levels to put back."""
    levels = {logger: logger.level for logger in map(logging.getLogger, LOGGERS)}
    for logger in levels:
        logger.setLevel(logging.CRITICAL + 1)
    return levels


def _version(found: Mapping[str, Any]) -> str:
    version = found.get("VersionId")
    return version if version and version != "null" else ""


def _nanoseconds(moment: dt.datetime | None) -> int:
    return 0 if moment is None else int(moment.timestamp()) * 1_000_000_000


# --------------------------------------------------------------------------------------------------------------- trouble


class _NotThere(Trouble):
    """There is no such file; or no such bucket, which an answer without a body does not tell apart."""


class _Bare(Trouble):
    """Only a status of HTTP tells what went wrong."""


_CREDENTIALS = (
    "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; "
    "for data that are open to all, anonymous = true in [dq.remote] of dq.toml"
)
_KINDS: tuple[tuple[str, bool, str], ...] = (
    ("NoSuchBucket", False, "there is no such bucket"),
    ("AccessDenied AllAccessDisabled AccountProblem Forbidden 401 403", False, "access is denied"),
    ("InvalidAccessKeyId", False, "access is denied: the server does not know the access key"),
    ("SignatureDoesNotMatch", False, "access is denied: the secret key does not fit the access key"),
    ("ExpiredToken TokenRefreshRequired InvalidToken", False, "access is denied: the session token is not valid any more"),
    ("RequestTimeTooSkewed", False, "access is denied: the clock of this machine is wrong"),
    ("InvalidObjectState", False, "is archived: it must be restored first"),
    (
        "PermanentRedirect AuthorizationHeaderMalformed IllegalLocationConstraintException 301",
        False,
        "is in another region: set AWS_REGION",
    ),
    ("400", False, "the server refuses the request"),
    ("InvalidBucketName ParamValidationError", False, "is not a path that the store knows: expected s3://BUCKET/PATH"),
    ("PreconditionFailed 412", False, "changed while it was being downloaded: check it again when nothing writes to it"),
    ("NoCredentialsError NoAuthTokenError", False, f"no credentials were found: {_CREDENTIALS}"),
    ("PartialCredentialsError", False, f"half of the credentials are missing: {_CREDENTIALS}"),
    ("ProfileNotFound", False, "there is no such profile as AWS_PROFILE names"),
    ("ConfigParseError", False, "the configuration of AWS on this machine cannot be read"),
    (
        "CredentialRetrievalError TokenRetrievalError UnauthorizedSSOTokenError SSOTokenLoadError MetadataRetrievalError",
        False,
        "the credentials could not be had: sign in again",
    ),
    ("SSLError ClientConnectorCertificateError ClientSSLError", False, "the certificate of the server is not trusted"),
    ("InvalidURL InvalidEndpointConfigurationError UnknownEndpointError", False, "the address of the server is not valid"),
    ("FlexibleChecksumError", True, "its bytes do not have the checksum that the server gives for them"),
    ("SlowDown ServiceUnavailable RequestTimeout TooManyRequests 429 503 504", True, "the server is too busy"),
    ("InternalError 500 502", True, "the server failed"),
    ("ReadTimeoutError SocketTimeoutError ServerTimeoutError", True, f"the server sent nothing for {WAITING} seconds"),
    (
        "ClientPayloadError IncompleteReadError ResponseStreamingError ServerDisconnectedError ConnectionClosedError "
        "ConnectionResetError BrokenPipeError ClientOSError",
        True,
        "the connection broke off",
    ),
    (
        "EndpointConnectionError ConnectTimeoutError ConnectionTimeoutError ProxyConnectionError ClientConnectorError "
        "ClientConnectorDNSError HTTPClientError ConnectionError TimeoutError",
        True,
        "the server cannot be reached",
    ),
    ("ResponseParserError", True, "the server does not answer as S3 does"),
)
"""What went wrong, by codes of S3, statuses of HTTP and names of exceptions; whether another try may help; and the words."""


def trouble(error: BaseException) -> Trouble:
    """What went wrong, in our own words; of the error itself only its kind is looked at."""
    if isinstance(error, Trouble):
        return error
    chain = list(_chain(error))
    signs = [sign for one in reversed(chain) for sign in _signs(one)]
    for sign in signs:
        if sign in ("NoSuchKey", "NotFound", "404", "410"):
            return _NotThere("does not exist")
        for known, passing, words in _KINDS:
            if sign in known.split():
                return _Bare(words) if sign.isdigit() and not passing else Trouble(words, passing=passing)
    if any(isinstance(one, ValueError) for one in chain):
        return Trouble("the address of the server is not valid: look at AWS_ENDPOINT_URL")
    return Trouble(f"cannot be read ({type(error).__name__})")


def of_disk(error: OSError) -> Trouble:
    """Why a file could not be written here."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return Trouble("the disk is full" if full else f"cannot be written here: {(error.strerror or 'unknown reason').lower()}")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _signs(error: BaseException) -> Iterator[str]:
    """By what an error is known: the code of S3, the status of HTTP, its class and those above it."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        yield str(response.get("Error", {}).get("Code"))
        yield str(response.get("ResponseMetadata", {}).get("HTTPStatusCode"))
    yield str(getattr(error, "status", ""))
    yield from (one.__name__ for one in type(error).__mro__)
