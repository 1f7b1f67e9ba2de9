"""What differed between jobs: their facts, and their circuits as a diff."""

from __future__ import annotations

import time
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.store.samples import sample_job
from tests.support.circuits import bell_candidate
from tui.domain.comparisons.differences import Made, aligned, circuit_diff, circuit_diffs, facts_of

TEXT = "\n".join(f"rz({number}) $1;" for number in range(50))


def test_facts_that_differ_say_so_and_unknown_ones_do_not() -> None:
    made = bell_candidate().transpilation
    one = Made(sample_job(1), made, circuits=("a",))
    two = Made(replace(sample_job(2), backend="ibm_cusco"), None, circuits=("b",))
    facts = {fact.name: fact for fact in facts_of([one, two])}
    assert facts["backend"].values == ("ibm_peekskill", "ibm_cusco") and facts["backend"].differs
    assert not facts["level"].differs and facts["level"].values[1] == ""
    assert facts["circuit"].differs and not facts["program"].differs
    assert not facts["created"].matters and facts["created"].differs


def test_diff_names_the_lines_that_changed_with_some_around() -> None:
    changed = TEXT.replace("rz(20)", "rz(0.5)").replace("rz(40) $1;\n", "")
    diff = circuit_diff(TEXT, changed)
    assert [line for line in diff.lines if line[0] in "+-"] == [
        "- rz(20) $1;",
        "+ rz(0.5) $1;",
        "- rz(40) $1;",
    ]
    assert [line for line in diff.lines if line[0] == "@"] == [
        "@@ line 18 · line 18 @@",
        "@@ line 38 · line 38 @@",
    ]


def test_blanks_at_the_ends_of_lines_are_no_difference() -> None:
    assert circuit_diff(TEXT, TEXT.replace("\n", "  \n")).same


def test_circuits_that_are_not_known_or_have_no_partner_are_named() -> None:
    unknown, more = circuit_diffs([Made(circuits=("a",)), Made(), Made(circuits=("a", "b"))])[0::2]
    assert "not known" in unknown.note and more.side == 2
    assert "1 circuits here, 2 there" in more.note


@given(st.lists(st.sampled_from("abc"), max_size=30), st.lists(st.sampled_from("abc"), max_size=30))
def test_diff_turns_one_text_into_the_other(one: list[str], two: list[str]) -> None:
    diff = circuit_diff("\n".join(one), "\n".join(two))
    assert diff.same is (one == two or "\n".join(one) == "\n".join(two))
    removed = sorted(line[2:] for line in diff.lines if line.startswith("- "))
    added = sorted(line[2:] for line in diff.lines if line.startswith("+ "))
    left = sorted([*("\n".join(one).split("\n")), *added])
    assert left == sorted([*("\n".join(two).split("\n")), *removed])


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_alignment_keeps_as_many_lines_as_can_be(one: list[str], two: list[str]) -> None:
    kept = aligned(one, two, len(one) + len(two))
    assert kept is not None and all(one[x] == two[y] for x, y in kept)
    assert kept == sorted(kept) and len({x for x, _ in kept}) == len({y for _, y in kept}) == len(kept)
    longest = [[0] * (len(two) + 1) for _ in range(len(one) + 1)]
    for x, line in enumerate(one):
        for y, other in enumerate(two):
            best = max(longest[x][y + 1], longest[x + 1][y])
            longest[x + 1][y + 1] = longest[x][y] + 1 if line == other else best
    assert len(kept) == longest[-1][-1]


def test_hostile_texts_are_aligned_in_bounded_time_or_not_at_all() -> None:
    for lines in (5_000, 10_000):
        began = time.perf_counter()
        diff = circuit_diff("x;\n" * lines, "y;\nx;\n" * (lines // 2))
        assert "too many lines" in diff.note and not diff.lines
        assert time.perf_counter() - began < 10
    long = "\n".join(map(str, range(20_000)))
    assert len(circuit_diff(long, long.replace("\n5\n", "\nx\n").replace("\n19000\n", "\n")).lines) == 17
