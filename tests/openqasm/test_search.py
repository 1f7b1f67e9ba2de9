"""Find and replace: places as they are in the lines, in a worker with a deadline that can be cancelled."""

from __future__ import annotations

import asyncio
import re
from array import array
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.openqasm import search
from tui.openqasm.search import Matches, SearchFailed, TextSearch, Wanted

LINES = ["h q[0];", "cx q[0], q[1];  // H", "", "h q[1];"]


@pytest.fixture
async def text_search() -> AsyncIterator[TextSearch]:
    made = TextSearch()
    yield made
    await made.aclose()


def find(lines: list[str], wanted: Wanted) -> list[tuple[search.Place, search.Place]]:
    """As the worker does, in this process."""
    reply = search._answer(search._Request(wanted, "\n".join(lines)))
    assert not reply.problem, reply.problem
    matches = Matches(array("I", reply.ends))
    return [matches[index] for index in range(len(matches))]


def test_search_finds_plain_words_whatever_they_are_made_of() -> None:
    assert find(LINES, Wanted("q[0]")) == [((0, 2), (0, 6)), ((1, 3), (1, 7))]
    assert find(LINES, Wanted("h")) == [((0, 0), (0, 1)), ((1, 19), (1, 20)), ((3, 0), (3, 1))]
    assert find(LINES, Wanted("H", case=True)) == [((1, 19), (1, 20))]
    assert find(["h ch h2 h;"], Wanted("h", word=True)) == [((0, 0), (0, 1)), ((0, 8), (0, 9))]


def test_search_finds_by_regular_expression_at_the_ends_of_lines_and_over_them() -> None:
    assert find(LINES, Wanted(r"^h", regex=True)) == [((0, 0), (0, 1)), ((3, 0), (3, 1))]
    assert find(LINES, Wanted(r";$", regex=True)) == [((0, 6), (0, 7)), ((3, 6), (3, 7))]
    assert find(LINES, Wanted(r"// H\n\nh", regex=True)) == [((1, 16), (3, 1))]
    assert find(LINES, Wanted(r"$", regex=True))[2] == ((2, 0), (2, 0))


@given(
    st.lists(st.text("ab\té☃", max_size=6), min_size=1, max_size=6), st.text("ab\té☃", min_size=1, max_size=3)
)
def test_search_finds_what_each_line_has(lines: list[str], word: str) -> None:
    expected = [
        ((row, found.start()), (row, found.end()))
        for row, one in enumerate(lines)
        for found in re.finditer(re.escape(word), one)
    ]
    assert find(lines, Wanted(word, case=True)) == expected
    flat = [number for start, end in expected for number in (*start, *end)]
    matches = Matches(flat)
    for row in range(len(lines)):
        assert matches.in_line(row) == [(start[1], end[1]) for start, end in expected if start[0] == row]


def test_matches_are_found_by_place() -> None:
    matches = Matches([0, 2, 0, 4, 1, 0, 3, 1, 3, 5, 3, 6])
    assert len(matches) == 3
    assert [matches.first_from(place) for place in [(0, 0), (0, 2), (0, 3), (3, 5), (3, 6)]] == [
        0,
        0,
        1,
        2,
        3,
    ]
    assert (matches.index_of((1, 0), (3, 1)), matches.index_of((1, 0), (3, 2))) == (1, -1)
    assert [matches.in_line(row) for row in range(5)] == [
        [(2, 4)],
        [(0, None)],
        [(0, None)],
        [(0, 1), (5, 6)],
        [],
    ]


async def test_search_replaces_one_or_all_as_one_change(text_search: TextSearch) -> None:
    wanted = Wanted(r"q\[(\d)\]", regex=True)
    one = await text_search.replace(LINES, wanted, r"r[\1]", (1, 9))
    assert one is not None and (one.start, one.end, one.text, one.count) == ((1, 9), (1, 13), "r[1]", 1)
    every = await text_search.replace(LINES, wanted, r"r[\1]")
    assert every is not None
    assert (every.start, every.end, every.count) == ((0, 2), (3, 6), 4)
    assert every.text == "r[0];\ncx r[0], r[1];  // H\n\nh r[1]"
    plain = await text_search.replace(LINES, Wanted("q[0]"), r"\1", (0, 2))
    assert plain is not None and plain.text == r"\1", "plain words are taken as they are"
    assert await text_search.replace(LINES, wanted, "x", (0, 3)) is None, "no match begins there"
    assert await text_search.replace(LINES, Wanted("zz"), "x") is None


@pytest.mark.parametrize(
    ("pattern", "replacement", "said"),
    [("(a", None, "missing )"), ("h", r"\7", "invalid group reference"), ("[", None, "unterminated")],
)
async def test_search_says_what_is_wrong(
    text_search: TextSearch, pattern: str, replacement: str | None, said: str
) -> None:
    with pytest.raises(SearchFailed, match=re.escape(said)):
        if replacement is None:
            await text_search.find(LINES, Wanted(pattern, regex=True))
        else:
            await text_search.replace(LINES, Wanted(pattern, regex=True), replacement)


async def test_search_that_backtracks_without_end_is_stopped(
    text_search: TextSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "DEADLINE", 0.5)
    lines = ["a" * 40 + "!"]
    with pytest.raises(SearchFailed, match="stopped after"):
        await text_search.find(lines, Wanted(r"(a+)+$", regex=True))
    asked = asyncio.create_task(text_search.find(lines, Wanted(r"(a+)+$", regex=True)))
    await asyncio.sleep(0)
    asked.cancel()
    monkeypatch.setattr(search, "DEADLINE", 20)
    assert len(await text_search.find(lines, Wanted("!"))) == 1


async def test_search_refuses_a_text_that_grows_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "MOST_CHARACTERS", 99)
    reply = search._answer(search._Request(Wanted("a"), "a" * 10, "x" * 10))
    assert "too long" in reply.problem
    monkeypatch.setattr(search, "MOST_MATCHES", 9)
    reply = search._answer(search._Request(Wanted("a"), "a" * 10))
    assert reply.more and len(reply.ends) == 9 * 16
