"""Long runs are cut out of result bodies, and nothing else is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.ibm.results.payload_split import part_of, split_payload

LONG = ["0x0"] * 100
"""Inside of its brackets more than 512 bytes of JSON."""
TEXT = "QUJD" * 200
_SPACES = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n\t", " :\r\n")])


def put_back(value: Any, parts: list[memoryview]) -> Any:
    """Return the value with the parts in place of their marks."""
    if isinstance(value, dict):
        return {name: put_back(member, parts) for name, member in value.items()}
    if isinstance(value, list):
        if len(value) == 1 and (part := _part(value[0], parts)) is not None and part[:1] == b'"':
            return json.loads(b"[" + part + b"]")
        return [put_back(member, parts) for member in value]
    part = _part(value, parts)
    return value if part is None else bytes(part).decode()


def _part(value: Any, parts: list[memoryview]) -> bytes | None:
    part = part_of(value, parts) if isinstance(value, str) else None
    return None if part is None else bytes(part)


_samples = st.sampled_from([[], ["0x1"], LONG, [LONG], [[LONG, ["0x1"]], [LONG, LONG]], [[], LONG], 3, "no"])
_members = st.fixed_dictionaries(
    {},
    optional={
        "samples": _samples,
        "__value__": st.sampled_from([TEXT, "short", 7, LONG]),
        "data": st.sampled_from([TEXT, "x", {"samples": LONG}, [1, 2]]),
        "other": st.sampled_from([LONG, TEXT, None]),
    },
)


@given(st.lists(_members, max_size=4), _SPACES)
def test_split_payload_keeps_what_was_said(pubs: list[dict[str, Any]], spaces: tuple[str, str]) -> None:
    body = json.dumps({"results": pubs}, separators=spaces).encode()
    kept, parts = split_payload(body)
    assert put_back(json.loads(kept), parts) == {"results": pubs}


@pytest.mark.parametrize(("length", "cut"), [(511, 0), (512, 1)])
def test_runs_are_cut_from_512_bytes_on(length: int, cut: int) -> None:
    samples = b'{"samples":["' + b"x" * (length - 2) + b'"]}'
    assert len(split_payload(samples)[1]) == cut
    # A text counts with its first quotation mark.
    text = b'{"data":"' + b"x" * (length - 1) + b'"}'
    assert len(split_payload(text)[1]) == cut


def test_marks_are_numbered_in_the_order_of_the_runs() -> None:
    kept, parts = split_payload(json.dumps([{"data": TEXT}, {"samples": [LONG, LONG]}]).encode())
    assert json.loads(kept) == [{"data": "#0"}, {"samples": [["#1"], ["#2"]]}]
    assert [bytes(part[:4]) for part in parts] == [b"QUJD", b'"0x0', b'"0x0']


@pytest.mark.parametrize("spaces", [(",", ":"), (" , ", " : ")])
def test_lists_after_the_samples_stay(spaces: tuple[str, str]) -> None:
    for value in (
        [{"samples": [LONG]}, LONG],
        {"samples": [[LONG]], "more": LONG},
        [[{"samples": [LONG]}], LONG],
    ):
        kept, parts = split_payload(json.dumps(value, separators=spaces).encode())
        assert len(parts) == 1 and put_back(json.loads(kept), parts) == value


def test_escaped_and_foreign_texts_stay() -> None:
    for value in (
        {"data": TEXT + "\n"},
        {"samples": TEXT},
        {"names": LONG},
        {"data": LONG},
        {"samples": [1] * 999},
    ):
        body = json.dumps(value).encode()
        assert split_payload(body) == (body, [])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'"samples"',
        b'"samples"   ',
        b'"samples":',
        b'"samples" "data":1',
        b'{"samples":[',
        b'{"samples":["' + b"x" * 600,
        b'{"data":"' + b"x" * 600,
        b'{"samples":[[' + b"[" * 600,
        b'{"samples":[] [',
    ],
)
def test_body_that_breaks_off_stays(body: bytes) -> None:
    assert split_payload(body) == (body, [])


def test_part_of_reads_only_marks() -> None:
    parts = [memoryview(b"a"), memoryview(b"b")]
    assert part_of("#1", parts) is parts[1] and part_of("1", parts) is None and part_of(1, parts) is None
    for wrong in ("#2", "#", "#-1", "#x"):
        with pytest.raises(ValueError, match="missing"):
            part_of(wrong, parts)
