"""Which backend is offered first."""

from __future__ import annotations

from tui.domain.devices.backends import (
    Backend,
    BackendData,
    DeviceLimits,
    best_backend,
    limits_of,
    undecided,
)


def _backend(name: str, queue: int | None, error: float | None = None, qubits: int | None = 27) -> Backend:
    return Backend(name, qubits, operational=True, queue_length=queue, median_2q_error=error)


def test_best_backend_prefers_the_shortest_queue_to_the_smallest_error() -> None:
    assert best_backend([_backend("a", 3, 0.001), _backend("b", 1, 0.02)]) == _backend("b", 1, 0.02)
    assert best_backend([_backend("a", 1, 0.02), _backend("b", 1, 0.001)]) == _backend("b", 1, 0.001)
    assert best_backend([_backend("a", 1), _backend("b", 1, 0.02)]) == _backend("b", 1, 0.02)
    assert best_backend([_backend("b", 1), _backend("a", 1)]) == _backend("a", 1)


def test_best_backend_leaves_out_small_and_offline_ones() -> None:
    away = Backend("away", 156, "paused", False, 0)
    small, large, unknown = (
        _backend("s", 0, qubits=5),
        _backend("l", 9, qubits=127),
        _backend("u", 99, qubits=None),
    )
    assert best_backend([away, small, large], 6) == large
    assert best_backend([away, small], 6) is None
    assert best_backend([unknown, small], 6) == unknown
    assert best_backend([]) is None


def test_undecided_names_backends_whose_unknown_error_decides() -> None:
    a, b, c = _backend("a", 1), _backend("b", 1, 0.02), _backend("c", 2)
    assert undecided([a, b, c]) == ("a",)
    assert undecided([a, _backend("d", 1), c]) == ("a", "d")
    assert undecided([a, c]) == ()
    assert undecided([b, _backend("d", 1, 0.03)]) == ()
    assert undecided([a, b], 100) == ()


def test_limits_are_read_from_the_configuration() -> None:
    told = b'{"n_qubits": 5, "supported_instructions": ["x", "if_else"]}'
    assert limits_of(BackendData("b", told, b"")) == DeviceLimits("b", 5, ("x", "if_else"))
    assert (
        limits_of(BackendData("b", b"{", b"")) == DeviceLimits("b") == limits_of(BackendData("b", b"{}", b""))
    )
