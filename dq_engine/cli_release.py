"""The commands ``dq release``, ``dq verify`` and ``dq keygen``: a stored run -> a signed folder that anybody can verify."""

from __future__ import annotations

from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dq_engine import terminal
from dq_engine.cli_scores import Quiet

RELEASE_CODES = (
    "Exit codes: 0 released; 1 the run did not pass, or has no checksums; 2 wrong usage, key or instrument; 3 the run, a suite "
    "or an extract is not what was checked, or the bundle cannot be written; 130 interrupted."
)
VERIFY_CODES = (
    "Exit codes: 0 verified, and the run passed; 1 the bundle is refused, or its run failed; 2 wrong usage or key; 3 something "
    "cannot be read, or is of another version of dq; 130 interrupted."
)
KEYGEN_CODES = "Exit codes: 0 done; 2 wrong usage, or a file is there already; 3 the key cannot be written; 130 interrupted."

PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE",
        help="A file with the passphrase of the private key, in its first line. Default: what DQ_KEY_PASSPHRASE holds.",
    ),
]


class KeyType(StrEnum):
    """Kinds of keys."""

    ED25519 = "ed25519"
    ECDSA = "ecdsa"
    RSA = "rsa"


class Format(StrEnum):
    """How results are written."""

    TEXT = "text"
    JSON = "json"


def release(
    context: typer.Context,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder of the bundle; it is made.")],
    run: Annotated[
        Path | None,
        typer.Argument(help="The directory of a run, or a folder of runs: then the newest. None: the newest that was stored."),
    ] = None,
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The private key that signs (PEM); dq keygen makes one.")
    ] = None,
    passphrase_file: PassphraseFile = None,
    unsigned: Annotated[bool, typer.Option("--unsigned", help="Release without a signature.")] = False,
    scores: Annotated[
        bool, typer.Option("--scores", help="With the ratings of this run, as dq score makes them, and the instrument.")
    ] = False,
    instrument: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="As --scores, by this instrument instead of the one that comes with dq."),
    ] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Where the extracts are, if not where they were checked. May be repeated."),
    ] = None,
    include_extracts: Annotated[
        bool, typer.Option("--include-extracts", help="Copy the extracts into the bundle, which then holds patients' data.")
    ] = False,
    despite_verdict: Annotated[
        str | None,
        typer.Option(
            "--despite-verdict", metavar="REASON", help="Release a run that did not pass, marked as failed. Needs --by."
        ),
    ] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who answers for --despite-verdict.")] = None,
    quiet: Quiet = False,
) -> None:
    """Make a signed bundle of a run that passed: results, suites, checksums of its extracts. Reads all extracts again."""
    from dq_engine import release as making  # noqa: PLC0415
    from dq_engine import signing, store  # noqa: PLC0415
    from dq_engine.bundle import Despite  # noqa: PLC0415
    from dq_engine.errors import UsageError  # noqa: PLC0415
    from dq_engine.rating import instrument as instruments  # noqa: PLC0415

    if (key is None) != unsigned:
        raise UsageError("say who signs: --key FILE, or --unsigned if nobody does" + (", not both" if key else ""))
    reason, name = (despite_verdict or "").strip(), (by or "").strip()
    if (despite_verdict is not None or by is not None) and not (reason and name):
        raise UsageError("--despite-verdict REASON and --by NAME go together: why it is released, and who answers for that")
    config = terminal.project()
    directory = store.run_directory(run or terminal.results_folder(config))
    signer = signing.signer(key, signing.passphrase(passphrase_file)) if key else None
    rated = instrument or (instruments.default() if scores else None)
    wanted = making.Wanted(
        output=output,
        root=config.root if config else None,
        gated=config is not None and config.gate is not None,
        instrument=rated,
        data=tuple(data or ()),
        include_extracts=include_extracts,
        despite=Despite(reason, name) if reason else None,
    )
    with ExitStack() as stack:
        worker = stack.enter_context(terminal.worker_of(context)) if rated else None
        observer = stack.enter_context(terminal.progress(1, quiet=quiet))
        manifest = making.release(
            directory, wanted, signer, worker=worker, hear=lambda phase, part: observer(output.name, phase, part)
        )
    if manifest.run.holds_values:
        terminal.say("the run was made with --show-values: run/run.json holds values of the extracts")
    if not quiet:
        whose = f"signed with key {signer.public_key.keyid}" if signer else "unsigned"
        files = f"{len(manifest.files):,} files, {manifest.run.result}"
        terminal.say(f"released run {manifest.run.id} to {output}: {files}, {whose}")


def verify(
    bundle: Annotated[Path, typer.Argument(help="The folder of a bundle.")],
    key: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="The public key of somebody who may release (PEM). May be repeated: any of them."),
    ] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR", help="Hold the extracts in this folder against the bundle, too: all must be there. May be repeated."
        ),
    ] = None,
    allow_failed: Annotated[
        bool, typer.Option("--allow-failed", help="Exit code 0 also for a run that was released although it failed.")
    ] = False,
    allow_unsigned: Annotated[
        bool, typer.Option("--allow-unsigned", help="Do without a signature: for bundles of your own.")
    ] = False,
    format: Annotated[Format, typer.Option(help="How the result is written.")] = Format.TEXT,
    quiet: Quiet = False,
) -> None:
    """Verify a bundle, offline: who signed it, that no byte of it was changed, and with --data the extracts. Reads no project."""
    from dq_engine import signing  # noqa: PLC0415
    from dq_engine import verify as looking  # noqa: PLC0415
    from dq_engine.errors import UsageError  # noqa: PLC0415
    from dq_engine.report import bundle_text, score_json  # noqa: PLC0415

    if not key and not allow_unsigned:
        raise UsageError("say whose signature is believed: --key FILE; or --allow-unsigned if it does not matter who made it")
    keys = [signing.public_key(one) for one in key or ()]
    if missing := [str(folder) for folder in data or () if not folder.is_dir()]:
        raise UsageError(f"{', '.join(missing)}: is no folder: --data DIR says where the extracts are")
    with terminal.progress(1, quiet=quiet) as observer:
        found = looking.verify(
            bundle, keys, data=data or (), unsigned=allow_unsigned, hear=lambda part: observer(bundle.name, "verifying", part)
        )
    if format is Format.JSON:
        terminal.write(score_json.encode(found).decode(), raw=True)
    else:
        terminal.write(bundle_text.plain(found))
    failed = found.manifest is None or found.manifest.run.result == "FAILED"
    raise typer.Exit(0 if found.verified and (allow_failed or not failed) else 1)


def keygen(
    file: Annotated[Path, typer.Argument(help="The private key, for its owner alone; the public one is FILE.pub beside it.")],
    type: Annotated[KeyType, typer.Option(help="The kind of key.")] = KeyType.ED25519,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make a pair of keys for releases: the private one signs, the public one verifies. With a passphrase, if one is given."""
    from dq_engine import signing  # noqa: PLC0415

    secret = signing.passphrase(passphrase_file)
    public, name = signing.new_key(file, type.value, secret)
    locked = "with a passphrase" if secret else "without a passphrase: keep it where only the releasing job can read it"
    terminal.write(f"{file}: the private key, {locked}\n{public}: the public key, for all who verify\nkey {name}\n")
