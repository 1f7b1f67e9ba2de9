"""Decodes result bodies of every form into `JobResult`; what cannot be read is kept raw, with a note."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import msgspec

from tui.common.safe_text import plain
from tui.domain.results import ExpectationValue, JobResult, PubResult, QuasiDistribution, Role
from tui.domain.statistics.outcomes import NumberedCounts
from tui.ibm.results.counts import ShotsByPlace, hex_counts, leaves, listed_counts, listed_shots
from tui.ibm.results.executor import ProgramResult, executor_pubs, executor_shots
from tui.ibm.results.ndarray import to_float
from tui.ibm.results.payload_split import Part, split_payload
from tui.ibm.results.typed import typed_pubs, typed_shots

T = TypeVar("T")
_LONG = 64 * 1024
"""Bytes of a body from which on its long parts are cut out first."""
_BY_BASIS = (
    "These are the estimator's counts by measurement basis. Its values are worked out from them by "
    "qiskit-mitigation, which the extra `local` installs."
)
_NOT_JSON_NUMBERS = re.compile(rb"(?<=[\[,:\s])-?(?:NaN|Infinity)(?=[\],}\s])")


class _Register(msgspec.Struct, frozen=True):
    samples: msgspec.Raw
    num_bits: int


class _PlainMetadata(msgspec.Struct, frozen=True):
    shots: int | None = None


class _PlainPub(msgspec.Struct, frozen=True):
    data: dict[str, msgspec.Raw]
    metadata: msgspec.Raw = msgspec.Raw(b"null")


class _V1Metadata(msgspec.Struct, frozen=True):
    shots: int | None = None
    variance: float | None = None


class _Body(msgspec.Struct, frozen=True):
    kind: str = msgspec.field(name="__type__", default="")
    value: msgspec.Raw = msgspec.field(name="__value__", default=msgspec.Raw(b"null"))
    results: list[_PlainPub] | None = None
    quasi_dists: list[dict[str, float]] | None = None
    values: list[float] | None = None
    metadata: msgspec.Raw = msgspec.Raw(b"null")
    schema_version: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")
    semantic_role: str | None = None
    passthrough_data: msgspec.Raw = msgspec.Raw(b"null")


def decode_result(body: bytes, *, numbered: bool = False) -> JobResult:
    """Return the result in a body of `GET /jobs/{id}/results`; never raises.

    Args:
        body: the body as it came, of any form (contract 6).
        numbered: counts that are too many to be at hand are `NumberedCounts`.

    Returns:
        The PUBs and the body; without PUBs where it cannot be read, and `note` says why.
    """
    try:
        pubs, role = _pubs(body)
        if not numbered:
            pubs = tuple(map(_with_strings, pubs))
        return JobResult(pubs, raw=body, note=_BY_BASIS if role is Role.ESTIMATOR else "", role=role)
    except _Unknown as reason:
        return JobResult((), raw=body, note=str(reason))
    except (msgspec.ValidationError, ValueError, KeyError) as problem:
        return JobResult((), raw=body, note=f"The result cannot be read: {plain(str(problem), limit=300)}.")
    except (OverflowError, MemoryError, RecursionError):
        return JobResult(
            (), raw=body, note="The result cannot be read: a number or a nesting in it is too large."
        )


def _with_strings(pub: PubResult) -> PubResult:
    if not any(isinstance(counts.counts, NumberedCounts) for counts in pub.counts):
        return pub
    made = (
        replace(counts, counts=counts.counts.whole()) if isinstance(counts.counts, NumberedCounts) else counts
        for counts in pub.counts
    )
    return replace(pub, counts=tuple(made))


class _Unknown(Exception):
    """A body of a kind that is not decoded."""


def _pubs(body: bytes) -> tuple[tuple[PubResult, ...], Role]:
    skeleton, parts = split_payload(body) if len(body) > _LONG else (body, [])
    try:
        top = _load(skeleton)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        if body.lstrip().startswith(b"{"):
            raise _Unknown("The body of the result is no whole JSON: it was cut off on its way.") from None
        raise _Unknown("The service answered with text instead of a result.") from None
    if top.kind == "PrimitiveResult":
        return typed_pubs(top.value, parts), Role.NONE
    if top.results is not None:
        return tuple(_plain_pub(pub, parts) for pub in top.results), Role.NONE
    if top.quasi_dists is not None:
        return _v1(top.quasi_dists, top.metadata, _quasi), Role.NONE
    if top.values is not None:
        return _v1(top.values, top.metadata, _value), Role.NONE
    if top.schema_version:
        role = top.semantic_role or ""
        program = ProgramResult(top.schema_version, top.data, role, top.passthrough_data, parts)
        return executor_pubs(program), Role.of(role)
    raise _Unknown("The result is of a kind that is not known here; it is kept as it came.")


def decode_shots(body: bytes) -> tuple[dict[str, ShotsByPlace], ...]:
    """Return the bit string of each shot of a sampler, in the order of the shots.

    Args:
        body: the result as it came, of any form.

    Returns:
        For each PUB, by register: every place in its shape, in C order, with its shots; bit 0 is rightmost.

    Raises:
        ValueError: the shots are not in it, or cannot be read; why.
    """
    try:
        top = _load(body)
        if top.kind == "PrimitiveResult":
            return tuple(typed_shots(top.value))
        if top.results is not None:
            return tuple(map(_plain_shots, top.results))
        if top.schema_version:
            role = top.semantic_role or ""
            program = ProgramResult(top.schema_version, top.data, role, top.passthrough_data)
            return tuple(executor_shots(program))
    except (msgspec.DecodeError, KeyError, OverflowError, RecursionError) as problem:
        raise ValueError(f"it cannot be read: {plain(str(problem), limit=300)}") from problem
    raise ValueError("a result of this kind does not hold them")


def _plain_shots(pub: _PlainPub) -> dict[str, ShotsByPlace]:
    if "evs" in pub.data:
        raise ValueError("an estimator's result has values, and no shots")
    registers = {
        name: msgspec.json.decode(raw, type=_Register, strict=False) for name, raw in pub.data.items()
    }
    return {
        name: listed_shots(msgspec.json.decode(of.samples), of.num_bits) for name, of in registers.items()
    }


class _SchedulerTiming(msgspec.Struct, frozen=True):
    circuit_duration: int | None = None


class _ItemMetadata(msgspec.Struct, frozen=True):
    scheduler_timing: _SchedulerTiming | None = None


class _TimedItem(msgspec.Struct, frozen=True):
    metadata: _ItemMetadata | None = None


class _TimedProgram(msgspec.Struct, frozen=True):
    data: list[_TimedItem] = []


def circuit_durations(body: bytes) -> tuple[int, ...]:
    """Return the lengths (dt) of the scheduled circuits in a result of the executor, without repetitions.

    Returns:
        In the order of the program's items; empty where they are not told.
    """
    try:
        program = msgspec.json.decode(body, type=_TimedProgram, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()
    timings = (item.metadata.scheduler_timing for item in program.data if item.metadata is not None)
    known = (timing.circuit_duration for timing in timings if timing is not None)
    return tuple(dict.fromkeys(duration for duration in known if duration is not None and duration >= 0))


def _load(body: bytes) -> _Body:
    try:
        return msgspec.json.decode(body, type=_Body, strict=False)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        # Python's own encoder writes NaN, which is not JSON: mitigation may end so.
        return msgspec.json.decode(_NOT_JSON_NUMBERS.sub(b"null", body), type=_Body, strict=False)


def _plain_pub(pub: _PlainPub, parts: Sequence[Part]) -> PubResult:
    try:
        shots = msgspec.json.decode(pub.metadata, type=_PlainMetadata, strict=False).shots
    except msgspec.ValidationError:
        shots = None
    if "evs" in pub.data:
        return PubResult(values=_plain_values(pub.data), shots=shots)
    counts = []
    for name, raw in pub.data.items():
        register = msgspec.json.decode(raw, type=_Register, strict=False)
        samples = bytes(register.samples)
        # A list in the list means samples by parameter set (contract 6.1).
        if samples.count(b"[") <= 1 and b"#" not in samples:
            counts.append(hex_counts(name, samples, register.num_bits))
        else:
            counts.extend(listed_counts(name, msgspec.json.decode(samples), register.num_bits, parts))
    if shots is None and counts:
        shots = counts[0].shots
    return PubResult(counts=tuple(counts), shots=shots)


def _plain_values(data: dict[str, msgspec.Raw]) -> tuple[ExpectationValue, ...]:
    evs = _numbers(data["evs"])
    errors = data.get("stds", data.get("ensemble_standard_error"))
    stds = dict(_numbers(errors)) if errors is not None else {}
    return tuple(ExpectationValue(value, stds.get(index), index=index) for index, value in evs)


def _numbers(raw: msgspec.Raw) -> list[tuple[tuple[int, ...], float]]:
    """Return the numbers of a nested list, each with its place; the empty one for a bare number."""
    nested = msgspec.json.decode(raw)
    if not isinstance(nested, list):
        return [((), to_float(nested))]
    return [
        ((*index, place), to_float(item))
        for index, items in leaves(nested)
        for place, item in enumerate(items)
    ]


def _v1(
    entries: list[T], metadata: msgspec.Raw, one: Callable[[T, _V1Metadata], PubResult]
) -> tuple[PubResult, ...]:
    known = msgspec.json.decode(metadata, type=list[_V1Metadata] | None, strict=False) or []
    known += [_V1Metadata()] * (len(entries) - len(known))
    return tuple(one(entry, facts) for entry, facts in zip(entries, known, strict=False))


def _quasi(distribution: dict[str, float], facts: _V1Metadata) -> PubResult:
    shares = {
        int(key, 16 if key.lower().startswith("0x") else 10): share for key, share in distribution.items()
    }
    if any(value < 0 for value in shares):
        raise ValueError("a bit string is negative")
    width = max((value.bit_length() for value in shares), default=1) or 1
    quasi = {format(value, f"0{width}b"): share for value, share in shares.items()}
    return PubResult(quasi=QuasiDistribution(width, facts.shots, quasi), shots=facts.shots)


def _value(value: float, facts: _V1Metadata) -> PubResult:
    # The standard error of a mean: the variance is that of a single shot (qiskit-ibm-runtime 0.20).
    known = facts.variance is not None and facts.variance >= 0 and facts.shots
    std = math.sqrt((facts.variance or 0.0) / (facts.shots or 1)) if known else None
    return PubResult(values=(ExpectationValue(value, std),), shots=facts.shots)
