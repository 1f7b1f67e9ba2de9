"""Results of the executor: tensors by name, of which those of bits become counts (contract 5.16, 6.3).

IBM's client runs its primitives as programs of the executor. The service stores bits as they were measured;
what a client has to do with them stands in the result itself: `semantic_role` names the primitive,
`passthrough_data` holds how it was prepared, and a tensor `measurement_flips.<register>` says which bits were
flipped before they were measured. Here the flips are undone and the randomizations of a twirled circuit put
together, as in `qiskit_ibm_runtime.decoders.executor_sampler`. The values of an estimator need
`qiskit_mitigation`, which the compiler's worker has; here its counts are read, by measurement basis.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from tui.common.values import Value
from tui.domain.results import Counts, ExpectationValue, PubResult, Role
from tui.ibm.results.bit_tensors import BitTensor, bit_counts, bit_shots
from tui.ibm.results.counts import MAX_BITS, ShotsByPlace, shape_places, size_of
from tui.ibm.results.ndarray import MAX_DIMENSIONS, Npy, plain_pieces
from tui.ibm.results.payload_split import Part, part_of

T = TypeVar("T")
_NUMBERS: Final = {"f32", "f64", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "c64", "c128"}
_FLIPS: Final = "measurement_flips."
_ESTIMATED: Final = "_meas"
"""The register in which IBM's estimator measures."""
_MOST_VALUES: Final = 100_000
_LARGEST: Final = 48 * 1024 * 1024
_MOST_PACKED: Final = 16
"""Bytes of an array that are always read, and how far a larger one may be packed: bits that were measured are
not packed further, and a thousandfold packing would be made to fill the memory."""
_LONGEST_AXIS: Final = 2**48
_MOST_ITEMS: Final = 20_000_000
_MOST_ITEMS_A_BYTE: Final = 48
_SHAPE: Final = re.compile(rb'"shape"\s*+:\s*+\[([0-9,\s]{0,1000}+)\]')


class _Tensor(msgspec.Struct, frozen=True):
    data: str
    shape: list[int]
    dtype: str


class _Item(msgspec.Struct, frozen=True):
    results: dict[str, _Tensor]


class _PostProcessor(msgspec.Struct, frozen=True):
    twirling: bool = False


class _Task(msgspec.Struct, frozen=True):
    """How one PUB of an estimator, or the calibration of its measurements, was prepared."""

    mitigation: str | None = None
    program_item_index: int = 0
    param_basis_pairs: list[tuple[list[int], str]] | None = None
    noise_factors: list[float] | _Tensor | None = None


class _Passthrough(msgspec.Struct, frozen=True):
    post_processor: _PostProcessor = _PostProcessor()
    qiskit_mitigation: list[_Task] = []


class ProgramResult(Value, frozen=True):
    """What the executor returned of a program.

    Attributes:
        version: the `schema_version`: from `v2` on the tensors are packed with zlib.
        items: the results by item, JSON bytes.
        role: the `semantic_role` as it came.
        passthrough: the `passthrough_data`, JSON bytes.
        parts: the long arrays that were cut out of the items (`payload_split`).
    """

    version: str
    items: msgspec.Raw
    role: str
    passthrough: msgspec.Raw
    parts: Sequence[Part] = ()


def declared_items(body: bytes) -> int:
    """Return how many items the arrays of an executor's result say they have; 0 for other results."""
    found = 0
    for match in _SHAPE.finditer(body):
        lengths = [int(text[:20]) for text in match[1].replace(b",", b" ").split()]
        found += math.prod(lengths[:MAX_DIMENSIONS])
    return found


def is_packed(version: str) -> bool:
    """Return whether the tensors of this schema version are packed with zlib."""
    return not version.startswith(("v0", "v1"))


def is_packed_too_far(body: bytes) -> bool:
    """Return whether the arrays are far larger than a body of this length holds of what was measured.

    IBM's decoder makes a byte of each bit: such a body is not for it.
    """
    return declared_items(body) > max(_MOST_ITEMS, _MOST_ITEMS_A_BYTE * len(body))


def executor_pubs(program: ProgramResult) -> tuple[PubResult, ...]:
    """Return the results of a program: one for each PUB of a sampler, else one for each item.

    A tensor of bits, shape `(..., shots, bits)`, becomes counts, one for each place before the shots; one of
    numbers becomes values (of complex ones the real part). Bits are packed with the first in the lowest
    place. Where a register has flips, they are undone. Of a twirled sampler the first axis, the
    randomizations, is put together. Of an estimator each measurement basis becomes one set of counts, whose
    register is the basis, with the noise factor where the circuit was folded; its calibration is left out.

    Raises:
        ValueError, msgspec.ValidationError: it is not what the contract says.
    """
    items = msgspec.json.decode(program.items, type=list[_Item], strict=False)
    packed = is_packed(program.version)
    read = [_Registers(item, packed, program.parts) for item in items]
    role = Role.of(program.role)
    if role is Role.ESTIMATOR:
        tasks = _passthrough(program, role).qiskit_mitigation
        if not tasks:
            raise ValueError("how the estimator was prepared is not told")
        return _by_basis(read, program, tasks)
    twirled = role is Role.SAMPLER and _passthrough(program, role).post_processor.twirling
    return tuple(one.pub(merged=twirled) for one in read)


def executor_shots(program: ProgramResult) -> list[dict[str, ShotsByPlace]]:
    """Return the bit string of each shot: by item, register and place before the shots.

    Flips are undone, and the randomizations of a twirled sampler put together, as `executor_pubs` does.

    Raises:
        ValueError, msgspec.ValidationError: it is not what the contract says, or an estimator's.
    """
    role = Role.of(program.role)
    if role is Role.ESTIMATOR:
        raise ValueError("an estimator's shots are in many measurement bases")
    twirled = role is Role.SAMPLER and _passthrough(program, role).post_processor.twirling
    items = msgspec.json.decode(program.items, type=list[_Item], strict=False)
    packed = is_packed(program.version)
    return [_Registers(item, packed, program.parts).shots(merged=twirled) for item in items]


def _passthrough(program: ProgramResult, role: Role) -> _Passthrough:
    try:
        return msgspec.json.decode(program.passthrough, type=_Passthrough, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"how the {role.value} was prepared is not told: {error}") from None


def _by_basis(
    items: Sequence[_Registers], program: ProgramResult, tasks: Sequence[_Task]
) -> tuple[PubResult, ...]:
    """Return the counts of an estimator's PUBs by measurement basis."""
    pubs: list[PubResult] = []
    for task in tasks:
        if task.mitigation == "trex":
            continue
        counts: list[Counts] = []
        for offset, factor in enumerate(_noise_factors(task, program)):
            index = task.program_item_index + offset
            if not 0 <= index < len(items):
                raise ValueError("an item of the program is missing in the result")
            suffix = "" if factor is None else f", noise x {factor:g}"
            counts += items[index].basis_counts(task.param_basis_pairs or [], suffix)
        pubs.append(PubResult(counts=tuple(counts), shots=counts[0].shots if counts else None))
    return tuple(pubs)


def _noise_factors(task: _Task, program: ProgramResult) -> Sequence[float | None]:
    """Return the factors of the items that a folded circuit became; of others one that is not told."""
    if task.mitigation != "gate_folding":
        return (None,)
    factors = task.noise_factors or ()
    if isinstance(factors, _Tensor):
        registers = _Registers(_Item({"noise_factors": factors}), is_packed(program.version), program.parts)
        return [value.value for value in registers.pub(merged=False).values]
    return factors


class _Registers:
    """The tensors of an item."""

    def __init__(self, item: _Item, packed: bool, parts: Sequence[Part]) -> None:
        self._tensors: Mapping[str, _Tensor] = item.results
        self._packed = packed
        self._parts = parts
        for name in item.results:
            if name.startswith(_FLIPS) and name.removeprefix(_FLIPS) not in item.results:
                raise ValueError(f"flips are given for {name[:60]!r}, but no register of that name")

    def pub(self, *, merged: bool) -> PubResult:
        """Return all registers and numbers.

        Args:
            merged: the first axis is randomizations, whose shots belong together.
        """
        counts: list[Counts] = []
        values: list[ExpectationValue] = []
        for name, tensor in self._tensors.items():
            if name.startswith(_FLIPS):
                continue
            if tensor.dtype == "bool":
                counts.extend(self._counted(name, merged=merged))
            else:
                values.extend(self._numbers(name, tensor))
        return PubResult(tuple(counts), None, tuple(values), counts[0].shots if counts else None)

    def shots(self, *, merged: bool) -> dict[str, ShotsByPlace]:
        """Return the bit string of each shot, by register and place before the shots."""
        names = [
            name
            for name, tensor in self._tensors.items()
            if tensor.dtype == "bool" and not name.startswith(_FLIPS)
        ]
        return {name: bit_shots(self._bit_tensor(name), self._flips(name), merged=merged) for name in names}

    def basis_counts(self, pairs: Sequence[tuple[list[int], str]], suffix: str) -> list[Counts]:
        """Return the counts of each pair of a parameter's place and a basis, in the order of the pairs."""
        tensor = self._tensors.get(_ESTIMATED)
        if tensor is None or tensor.dtype != "bool":
            raise ValueError("an item of the estimator holds no measurements")
        found = self._counted(_ESTIMATED, merged=True)
        if len(found) != len(pairs):
            # Noise amplified by the service has one more axis; bases without parameters have no pairs.
            return found
        return [
            Counts(basis[:MAX_BITS] + suffix, one.num_bits, one.shots, one.counts, tuple(place))
            for one, (place, basis) in zip(found, pairs, strict=True)
        ]

    def _counted(self, name: str, *, merged: bool) -> list[Counts]:
        """Return the counts of a register with its flips undone, one for each place before the shots."""
        return bit_counts(self._bit_tensor(name), self._flips(name), merged=merged)

    def _flips(self, name: str) -> BitTensor | None:
        flips = _FLIPS + name
        return self._bit_tensor(flips) if flips in self._tensors else None

    def _bit_tensor(self, name: str) -> BitTensor:
        tensor = self._tensors[name]
        shape = self._shape(name, tensor)
        if len(shape) < 2 or not 0 < shape[-1] <= MAX_BITS or tensor.dtype != "bool":
            raise ValueError(f"the tensor {name[:40]!r} is not bits by shot")
        return BitTensor(name, self._text(tensor, (size_of(shape) + 7) // 8), shape, self._packed)

    def _numbers(self, name: str, tensor: _Tensor) -> list[ExpectationValue]:
        if tensor.dtype not in _NUMBERS:
            raise ValueError(f"the tensor {name[:40]!r} holds {tensor.dtype[:20]!r}, which is not read")
        shape = self._shape(name, tensor)
        size = size_of(shape)
        if size > _MOST_VALUES:
            raise ValueError(f"the tensor {name[:40]!r} has {size:,} numbers, more than are shown")
        kind = f"{tensor.dtype[0]}{int(tensor.dtype[1:]) // 8}"
        length = size * int(kind[1:])
        data = b"".join(plain_pieces(self._text(tensor, length), length, packed=self._packed))
        numbers = Npy(shape, kind, data).floats()
        return [
            ExpectationValue(value, observable=name, index=index)
            for value, index in zip(numbers, shape_places(shape), strict=True)
        ]

    def _text(self, tensor: _Tensor, size: int) -> str | memoryview:
        """Return the base64 of a tensor that would have so many bytes.

        Raises:
            ValueError: they would be packed far more tightly than what was measured is.
        """
        text = part_of(tensor.data, self._parts) or tensor.data
        if size > max(_LARGEST, _MOST_PACKED * len(text)):
            raise ValueError(f"an array would have {size // 1_000_000:,} MB, packed into {len(text):,} bytes")
        return text

    def _shape(self, name: str, tensor: _Tensor) -> tuple[int, ...]:
        shape = tuple(tensor.shape)
        if any(not 0 <= length < _LONGEST_AXIS for length in shape) or len(shape) > MAX_DIMENSIONS:
            raise ValueError(f"the tensor {name[:40]!r} has no such shape")
        return shape
