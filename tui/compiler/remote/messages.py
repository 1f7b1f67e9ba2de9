"""Messages between the app and its process that is a client of Dask, as JSON, in any order."""

from __future__ import annotations

from typing import Final

import msgspec


class Connect(msgspec.Struct, frozen=True, tag="connect"):
    """Connect to the scheduler, or see whether it is there still. Answer: `Connected` or `Refused`."""

    number: int


class Target(msgspec.Struct, frozen=True, tag="target"):
    """A backend's data (`TargetData` as JSON), which requests name by its key; a worker gets it once."""

    key: str
    data: bytes


class Run(msgspec.Struct, frozen=True, tag="run"):
    """Have a request (`compiler.messages`) answered by a worker. Answer: `Answered` or `Refused`."""

    number: int
    key: str
    request: bytes


class Cancel(msgspec.Struct, frozen=True, tag="cancel"):
    """Nobody waits any longer for the answer of this number."""

    number: int


class Connected(msgspec.Struct, frozen=True, tag="connected"):
    """The scheduler has so many workers, of which one at least is warm."""

    number: int
    workers: int


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    """The reply of a worker, JSON."""

    number: int
    reply: bytes


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Scheduler or workers cannot do it: `message` says why, `advice` what to do."""

    number: int
    message: str
    advice: str = ""


ToClient = Connect | Target | Run | Cancel
ToApp = Connected | Answered | Refused
TO_CLIENT: Final[msgspec.json.Decoder[ToClient]] = msgspec.json.Decoder(ToClient)
TO_APP: Final[msgspec.json.Decoder[ToApp]] = msgspec.json.Decoder(ToApp)
