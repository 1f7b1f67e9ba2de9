"""Requests to a Qiskit worker and its replies, as JSON."""

from __future__ import annotations

from typing import Final

import msgspec

from tui.domain.circuits import Candidate, CheckReport, TranspileOptions


class TargetData(msgspec.Struct, frozen=True):
    """A backend to transpile for.

    `configuration` and `properties` are the service's JSON. They are some 2 MB, so they are left out
    (`None`) until the worker says that it does not have the target of this `key`, a hash of them.
    `fractional`: with the fractional gates.
    """

    name: str
    key: str
    fractional: bool = False
    configuration: bytes | None = None
    properties: bytes | None = None


class Check(msgspec.Struct, frozen=True, tag="check"):
    """Read a program and say what is wrong with it. Answer: `Checked`."""

    qasm: str


class Draw(msgspec.Struct, frozen=True, tag="draw"):
    """Draw a circuit as text. Answer: `Drawn`."""

    qasm: str
    width: int


class Unpack(msgspec.Struct, frozen=True, tag="unpack"):
    """Turn QPY (base64, mostly zlib-packed) into OpenQASM 3. Answer: `Unpacked`."""

    qpy: str


class Transpile(msgspec.Struct, frozen=True, tag="transpile"):
    """Transpile for a target. Answer: `Made` or `TargetWanted`."""

    qasm: str
    target: TargetData
    options: TranspileOptions


class Review(msgspec.Struct, frozen=True, tag="review"):
    """Measure what another compiler made of a circuit. Answer: `Made` or `TargetWanted`."""

    source: str
    isa: str
    target: TargetData
    options: TranspileOptions
    layouts: tuple[tuple[int, ...], tuple[int, ...]]
    seconds: float


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    """Ask whether the worker is warm. Answer: `Pong`."""


Request = Check | Draw | Unpack | Transpile | Review | Ping


class Checked(msgspec.Struct, frozen=True, tag="checked"):
    """The report on a program."""

    report: CheckReport


class Drawn(msgspec.Struct, frozen=True, tag="drawn"):
    """The drawing."""

    text: str


class Unpacked(msgspec.Struct, frozen=True, tag="unpacked"):
    """The programs, in order; there may be more circuits than could be written."""

    programs: tuple[str, ...]


class Made(msgspec.Struct, frozen=True, tag="made"):
    """The transpiled circuit."""

    candidate: Candidate


class TargetWanted(msgspec.Struct, frozen=True, tag="target-wanted"):
    """The worker needs the target's configuration and properties."""


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    """The worker has imported Qiskit, of this version."""

    qiskit: str


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """It did not work: the parts of a `QdeckError`, `kind` by its value."""

    kind: str
    message: str
    advice: str = ""


Reply = Checked | Drawn | Unpacked | Made | TargetWanted | Pong | Failed

REQUEST_DECODER: Final = msgspec.json.Decoder[Request](Request)
REPLY_DECODER: Final = msgspec.json.Decoder[Reply](Reply)
