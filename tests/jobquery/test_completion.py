"""What a filter that is being typed may become, at every place of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.fixed_values import jobs
from tui.jobquery.completion import MOST, candidates_for, complete_filter, job_values
from tui.jobquery.filters import FIELDS, parse_filter

KNOWN = {**job_values(jobs()), "tag": ("my tag", "vqe", "v,x"), "backend": ("ibm_fez", "ibm_cusco")}


@pytest.mark.parametrize(
    ("text", "start", "candidates"),
    [
        ("st", 0, ("status:",)),
        ("pro", 0, ("program:",)),
        ("sh", 0, ("shots>",)),
        ("vqe ag", 4, ("age<",)),
        ("-ba", 1, ("backend:",)),
        ("status:ca", 7, ("cancelled",)),
        ("status:done,ca", 12, ("cancelled",)),
        ("-BACKEND:", 9, ("ibm_fez", "ibm_cusco")),
        ("backend=cu", 8, ("ibm_cusco",)),
        ("backend:ibm_fez,", 16, ("ibm_cusco",)),
        ("tag:", 4, ('"my tag"', "vqe", '"v,x"')),
        ('tag:"my', 4, ('"my tag"',)),
        ('tag:"my tag"', 4, ()),
        ("program:est", 8, ("estimator",)),
        ("session:", 8, ("s-1",)),
        ("shots>4", 6, ("4096", "1024")),
        ("created:to", 8, ("today",)),
        ("created>7", 8, ("7d",)),
        ("is:", 3, ("unseen", "over")),
        ("status:Val", 7, ("Validating",)),
        ("nothing:", 8, ()),
        ('"text', 5, ()),
        ("--", 1, ()),
    ],
)
def test_complete_filter_at_each_place(text: str, start: int, candidates: tuple[str, ...]) -> None:
    found = complete_filter(text, KNOWN)
    assert (found.start, found.candidates) == (start, candidates)


@pytest.mark.parametrize("text", ["", "x ", "-", "status:done "])
def test_complete_filter_offers_every_field_where_a_term_begins(text: str) -> None:
    found = complete_filter(text, KNOWN)
    assert sorted(one[:-1] for one in found.candidates) == sorted(FIELDS)


@pytest.mark.parametrize("field", [field for field in FIELDS if field not in {"qpu", "estimate"}])
def test_complete_filter_offers_values_that_can_be_read(field: str) -> None:
    """Of every field but the two numbers of seconds; what is offered is a filter."""
    job = replace(jobs()[0], reason="no qubit", tags=("slurm:7", "a b"), shots=100)
    sign = "<" if field == "age" else ":"
    found = complete_filter(f"{field}{sign}", job_values([job]))
    assert found.candidates
    for candidate in found.candidates:
        assert parse_filter(f"{field}{sign}{candidate}")


@given(st.text(alphabet='tag:"\\, -x<>=é', max_size=30))
def test_complete_filter_of_any_text_replaces_its_end(text: str) -> None:
    found = complete_filter(text, KNOWN)
    assert 0 <= found.start <= len(text)


def test_job_values_leave_out_what_cannot_be_typed() -> None:
    job = replace(jobs()[0], tags=("ok", "\x1b[31mred", "x" * 5000))
    assert job_values([job])["tag"] == ("ok",)


def test_candidates_for_a_beginning_come_before_those_that_contain_it() -> None:
    assert candidates_for("Ab", ["xab", "abc", "ab", "zz"]) == ("abc", "ab", "xab")
    assert candidates_for("ab", ["abc", "abd"], {"abc"}) == ("abd",)
    assert len(candidates_for("", map(str, range(1000)))) == MOST
