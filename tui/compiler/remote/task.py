"""What runs in the workers of Dask: requests answered with Qiskit, text in, text out.

Imported there by name: the workers need the same version of qdeck, with the extra `local`, and of Qiskit.
"""

from __future__ import annotations

import gc
import os
import threading
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import msgspec

import tui
from tui.common.errors import ErrorKind
from tui.compiler.messages import REQUEST_DECODER, Done, Failed, TargetData

if TYPE_CHECKING:
    from tui.compiler.qiskit.handler import RequestHandler

Versions = tuple[str, str]
_SINGLE = {"QISKIT_PARALLEL": "FALSE", "RAYON_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_ONE_AT_A_TIME = threading.Lock()
"""Of a worker with several threads one works: what it keeps of circuits and targets has no locks."""
_kept: dict[str, RequestHandler] = {}


def versions() -> Versions:
    """Return the versions of qdeck and of Qiskit here; an empty one where it is not installed."""
    try:
        return tui.__version__, version("qiskit")
    except PackageNotFoundError:
        return tui.__version__, ""


def hold(data: bytes) -> bytes:
    """Be the backend's data where Dask keeps it: as a task it is made again when it is lost."""
    return data


def warm(expected: Versions) -> bytes:
    """Import Qiskit and warm it up.

    Returns:
        The reply `Done`, or `Failed` when the versions differ from these.
    """
    with _ONE_AT_A_TIME:
        refusal = _refusal(expected)
        if refusal is None:
            _handler()
    return msgspec.json.encode(refusal or Done(msgspec.Raw(b"null")))


def answer(request: bytes, target: bytes, expected: Versions) -> bytes:
    """Answer a request.

    Args:
        request: one of `compiler.messages` about a target, as JSON.
        target: the target's data, `TargetData` as JSON; read when this worker has not read it before.
        expected: the versions that the app has.

    Returns:
        The reply as JSON; what goes wrong is a reply too.
    """
    with _ONE_AT_A_TIME:
        refusal = _refusal(expected)
        if refusal is not None:
            return msgspec.json.encode(refusal)
        (reply,) = _handler().answer(request)
        if reply != _NOT_THERE:
            return reply
        asked: Any = REQUEST_DECODER.decode(request)
        data = msgspec.json.decode(target, type=TargetData)
        whole = msgspec.structs.replace(data, fractional=asked.target.fractional)
        (reply,) = _handler().answer(msgspec.json.encode(msgspec.structs.replace(asked, target=whole)))
        return reply


_NOT_THERE = msgspec.json.encode(Done(msgspec.Raw(b"null")))


def _handler() -> RequestHandler:
    if "handler" not in _kept:
        # One request has one processor; a worker's own settings hold. Read when Qiskit is first used.
        for name, value in _SINGLE.items():
            os.environ.setdefault(name, value)
        from tui.compiler.qiskit.handler import RequestHandler

        made = RequestHandler()
        made.warm_up()
        # As in the local workers: what Qiskit has loaded stays, and is not looked through for garbage.
        gc.collect()
        gc.freeze()
        _kept["handler"] = made
    return _kept["handler"]


def _refusal(expected: Versions) -> Failed | None:
    """Refuse by name to work beside another qdeck or Qiskit: the same seed would make another circuit."""
    for name, wanted, here in zip(("qdeck", "Qiskit"), expected, versions(), strict=True):
        if wanted != here:
            from distributed import get_worker

            found = f"has {name} {here}" if here else f"has no {name}"
            return Failed(
                ErrorKind.UNAVAILABLE,
                f"The worker {get_worker().address} {found}, and here it is {wanted or 'missing'}.",
                "Install the same version there, or leave that worker out.",
            )
    return None
