"""The filter's language: what it reads, what it refuses, and what it finds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.jobs import NOW, WORDS, some_job
from tui.domain.jobs import GONE, Job, JobStatus
from tui.jobquery.filters import NUMBERS, TEXTS, FilterError, JobFilter, Term, matcher, parse_filter

JOB = Job(
    id="d3k7",
    service="sandbox platform",
    backend="ibm_cusco",
    program="estimator",
    status=JobStatus.FAILED,
    created=NOW - timedelta(hours=30),
    name="VQE step 7",
    tags=("vqe", "h2 run"),
    shots=4096,
    reason="The instruction cp is not supported.",
    reason_code="1517",
    session_id="s-1",
)

TERMS = st.one_of(
    st.builds(Term, st.just(""), st.just(":"), st.tuples(st.text(min_size=1)), st.booleans()),
    st.builds(
        Term,
        st.sampled_from(sorted(TEXTS)),
        st.sampled_from([":", "="]),
        st.lists(WORDS | st.text(), min_size=1, max_size=3).map(tuple),
        st.booleans(),
    ),
    st.builds(
        Term,
        st.sampled_from(sorted(NUMBERS)),
        st.sampled_from([":", "=", "<", "<=", ">", ">="]),
        st.lists(st.integers(0, 10**6).map(str), min_size=1, max_size=3).map(tuple),
        st.booleans(),
    ),
    st.builds(
        Term,
        st.just("age"),
        st.sampled_from(["<", "<=", ">", ">="]),
        st.tuples(st.sampled_from(["2d", "1h30m", "90s", "1.5w", "999999999w"])),
        st.booleans(),
    ),
    st.builds(
        Term,
        st.sampled_from(["created", "finished"]),
        st.sampled_from([":", "=", "<", "<=", ">", ">="]),
        st.tuples(
            st.sampled_from(["2026", "2026-03", "2026-12", "2026-03-14", "2026-03-14T15", "2026-03-14 15:09"])
        ),
        st.booleans(),
    ),
)


@pytest.fixture(autouse=True, scope="module")
def utc() -> Iterator[None]:
    """Local dates are those of UTC."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def test_filter_is_matches_the_state() -> None:
    done, queued = replace(JOB, status=JobStatus.DONE), replace(JOB, status=JobStatus.QUEUED)
    gone = replace(JOB, status=JobStatus.UNKNOWN, status_text=GONE)

    def hold(text: str, job: Job, unseen: frozenset[str] = frozenset({JOB.id})) -> bool:
        return matcher(parse_filter(text).terms, NOW, unseen)(job)

    assert hold("is:unseen", done)
    assert not hold("is:unseen", done, frozenset())
    assert hold("-is:unseen", done, frozenset())
    assert (hold("is:over", done), hold("IS=Over", gone), hold("is:over", queued)) == (True, True, False)
    assert hold("is:over,unseen", queued) and not hold("is:over,unseen", queued, frozenset())
    assert str(parse_filter("-is:unseen vqe")) == "-is:unseen vqe"
    assert parse_filter("-is:unseen vqe").unseen_dependent
    assert not parse_filter("is:over").unseen_dependent
    for wrong in ("is:", "is:new", "is>over"):
        with pytest.raises(FilterError, match="is:unseen or is:over"):
            parse_filter(wrong)


def fits(text: str, job: Job = JOB) -> bool:
    """Whether the job fits the filter."""
    return matcher(parse_filter(text).terms, NOW)(job)


@pytest.mark.parametrize(
    "text",
    [
        "status:failed backend:cusco tag:vqe age<2d shots>1000 step",
        "vqe STEP cp",
        '"step 7"',
        'tag:"h2 run"',
        "tag=VQE",
        "status:done,failed",
        "-status:done",
        "-nothing",
        "shots:4096 shots>=4096 shots<=4096 shots<5000",
        "age>1d5h age<=1d6h",
        "created:2026-03 created:2026-03-13 created<2026-03-14 created>=2026-03-13 created>2026-03-12",
        "program:est tags:h2 session=s-1 reason:1517 SERVICE:sandbox",
        "-qpu>1 -finished<2030",
    ],
)
def test_filter_fits_jobs(text: str) -> None:
    assert fits(text)


@pytest.mark.parametrize(
    "text",
    [
        "status:done",
        "-vqe",
        "tag=h2",
        "stepcusco",
        "age<1d",
        "shots>4096",
        "qpu<1000",
        "finished<2030",
        "created>2026-03-13",
        "created:2026-02",
        'tag=""',
        "vqe backend:fez",
    ],
)
def test_filter_leaves_out_jobs(text: str) -> None:
    assert not fits(text)


def test_filter_leaves_out_jobs_without_the_value() -> None:
    assert fits('tag=""', replace(JOB, tags=()))
    assert fits('session=""', replace(JOB, session_id=""))


@pytest.mark.parametrize(
    ("text", "at", "word"),
    [
        ("vqe bakend:x", 4, "bakend"),
        ("status:", 0, "status"),
        ("status<3", 0, "status"),
        ("a shots>many", 2, "shots"),
        ("age<2", 0, "age"),
        ("age:2d", 0, "age"),
        ("age<", 0, "age"),
        ("created>2026-13", 0, "created"),
        ("created>tomorrow", 0, "created"),
        ("-shots:", 1, "shots"),
        ("shots:1,", 0, "shots"),
        ("http://x", 0, "http"),
    ],
)
def test_parse_filter_reports_the_place_of_an_error(text: str, at: int, word: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text)
    assert caught.value.at == at
    assert text[at:].startswith(word) and caught.value.length <= len(text) - at
    assert word in caught.value.message


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("- x", [("-", False), ("x", False)]),
        ("x -", [("x", False), ("-", False)]),
        ("-x", [("x", True)]),
        ("--x", [("-x", True)]),
        ("a-b", [("a-b", False)]),
        ('"-a"', [("-a", False)]),
        ('-"a b" c', [("a b", True), ("c", False)]),
    ],
)
def test_filter_minus_negates_only_the_word_that_follows_at_once(
    text: str, terms: list[tuple[str, bool]]
) -> None:
    assert [(term.values[0], term.negated) for term in parse_filter(text).terms] == terms


@given(
    st.text()
    | st.lists(st.sampled_from(["status:", "age<", '"', "\\", "-", ",", "2d", " ", "x", "="])).map("".join)
)
def test_parse_filter_reads_or_refuses_any_text(text: str) -> None:
    try:
        wanted = parse_filter(text)
    except FilterError as error:
        assert 0 <= error.at < len(text)
        assert error.message
    else:
        assert parse_filter(str(wanted)) == wanted


@given(st.lists(TERMS, max_size=4).map(lambda terms: JobFilter(tuple(terms))))
def test_filter_text_round_trips(wanted: JobFilter) -> None:
    assert parse_filter(str(wanted)) == wanted


@given(TERMS, some_job())
def test_filter_minus_negates_a_term(term: Term, job: Job) -> None:
    other = replace(term, negated=not term.negated)
    assert matcher([term], NOW)(job) != matcher([other], NOW)(job)


@given(st.lists(TERMS, max_size=4), some_job())
def test_filter_terms_all_have_to_hold_in_any_order(terms: list[Term], job: Job) -> None:
    fits_all = all(matcher([term], NOW)(job) for term in terms)
    assert matcher(terms, NOW)(job) == matcher(terms[::-1], NOW)(job) == fits_all


@given(some_job(), st.sampled_from(["name", "backend", "session_id", "reason"]))
def test_filter_word_searches_every_text_field(job: Job, name: str) -> None:
    text = getattr(job, name)
    if text:
        assert matcher([Term("", ":", (text.swapcase(),))], NOW)(job) or text == "ß"
