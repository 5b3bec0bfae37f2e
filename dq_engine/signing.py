"""Keys and signatures: PEM files and envelopes, by securesystemslib and the cryptography library under it, loaded on demand."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dq_engine import libraries
from dq_engine.bundle import PAYLOAD_TYPE, Envelope, Signature
from dq_engine.errors import StoreError, UsageError

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner, Key

KeyType = Literal["ed25519", "ecdsa", "rsa"]
PASSPHRASE = "DQ_KEY_PASSPHRASE"  # noqa: S105  the name of the variable
"""The environment variable that may hold the passphrase of a key."""
LARGEST = 64 * 1024
"""Bytes of a file with a key or a passphrase; a larger one is none."""


def _needed() -> None:
    """Raises :class:`UsageError` if what signs is not installed."""
    libraries.needed(libraries.SIGNING, "signing, and verifying a signature,", "release")


def passphrase(path: Path | None) -> bytes | None:
    """The passphrase of a private key: the first line of the file, or what the environment says; None if neither says one.

    Raises :class:`UsageError`.
    """
    if path is None:
        said = os.environb.get(PASSPHRASE.encode())
        return said or None
    first = _read(path, "passphrase").partition(b"\n")[0].removesuffix(b"\r")
    if not first:
        raise UsageError(f"{path}: holds no passphrase: its first line is empty")
    return first


def signer(path: Path, secret: bytes | None) -> CryptoSigner:
    """What signs with the private key in a PEM file. Raises :class:`UsageError` if it cannot be used."""
    _needed()
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415
    from securesystemslib.signer import CryptoSigner  # noqa: PLC0415

    raw = _read(path, "private key")
    locked = b"ENCRYPTED" in raw
    if locked and secret is None:
        raise UsageError(f"{path}: the key has a passphrase: say it by --passphrase-file, or in the environment ({PASSPHRASE})")
    try:
        return CryptoSigner(load_pem_private_key(raw, secret if locked else None))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        why = "the passphrase is not that of the key, or the" if locked else "the"
        raise UsageError(
            f"{path}: {why} file is not a private key that can be used: expected PEM with a key of Ed25519, ECDSA (P-256, P-384, "
            "P-521) or RSA; dq keygen makes one"
        ) from None


def public_key(path: Path) -> Key:
    """The public key in a PEM file. Raises :class:`UsageError` if there is none that can be used."""
    _needed()
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415
    from securesystemslib.signer import SSlibKey  # noqa: PLC0415

    raw = _read(path, "public key")
    if b"PRIVATE KEY" in raw:
        raise UsageError(f"{path}: is a private key: a bundle is verified with the public one, which can be given to everybody")
    try:
        return SSlibKey.from_crypto(load_pem_public_key(raw))
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(f"{path}: is not a public key that can be used: expected PEM, as dq keygen writes it") from None


def sign(payload: bytes, by: CryptoSigner | None) -> Envelope:
    """An envelope around a statement, signed unless nobody signs."""
    if by is None:
        return Envelope(payload, PAYLOAD_TYPE, ())
    from securesystemslib.dsse import Envelope as Signed  # noqa: PLC0415

    made = Signed(payload, PAYLOAD_TYPE, {}).sign(by)
    return Envelope(payload, PAYLOAD_TYPE, (Signature(made.keyid, bytes.fromhex(made.signature)),))


def signed_by(envelope: Envelope, keys: Sequence[Key]) -> str | None:
    """The id of the key that signed what is in an envelope, of those that are believed; None if none of them did."""
    from securesystemslib.dsse import Envelope as Signed  # noqa: PLC0415
    from securesystemslib.exceptions import VerificationError  # noqa: PLC0415
    from securesystemslib.signer import Signature as Made  # noqa: PLC0415

    made = {one.keyid: Made(one.keyid, one.sig.hex()) for one in envelope.signatures}
    try:
        accepted = Signed(envelope.payload, envelope.payload_type, made).verify(list(keys), 1)
    except VerificationError:
        return None
    return next(iter(accepted))


def new_key(path: Path, kind: KeyType, secret: bytes | None) -> tuple[Path, str]:
    """Makes a key pair: the private key at ``path``, for its owner alone, the public one beside it, with ``.pub``.

    Gives the path of the public key, and the key's id. Raises :class:`UsageError` if one of the files is there already, and
    :class:`StoreError` if they cannot be written.
    """
    _needed()
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa  # noqa: PLC0415
    from securesystemslib.signer import SSlibKey  # noqa: PLC0415

    public = path.with_name(f"{path.name}.pub")
    if there := [str(one) for one in (path, public) if one.exists() or one.is_symlink()]:
        raise UsageError(f"{', '.join(there)}: is there already; a key is never replaced")
    private: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    if kind == "ed25519":
        private = ed25519.Ed25519PrivateKey.generate()
    elif kind == "ecdsa":
        private = ec.generate_private_key(ec.SECP256R1())
    else:
        private = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    lock = serialization.BestAvailableEncryption(secret) if secret else serialization.NoEncryption()
    shown = private.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    _create(path, private.private_bytes(pem, form, lock), 0o600)
    try:
        _create(public, shown, 0o644)
    except BaseException:
        path.unlink()
        raise
    return public, SSlibKey.from_crypto(private.public_key()).keyid


def _create(path: Path, content: bytes, mode: int) -> None:
    """Writes a new file, whole or not at all. Raises :class:`StoreError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StoreError(f"{path}: the key could not be written: {(error.strerror or 'unknown reason').lower()}") from None


def _read(path: Path, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path}: the {what} cannot be read: {(error.strerror or 'unknown reason').lower()}") from None
    if len(raw) > LARGEST:
        raise UsageError(f"{path}: is too large for a {what}")
    return raw
