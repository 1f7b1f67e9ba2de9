"""The small language that finds jobs: `status:failed backend:cusco tag:vqe age<2d shots>1000 free text`.

A filter is terms with spaces between them, and a job has to fit all:

- `word` or `"some words"`: occurs in any text field, whatever the case;
- `field:value` contains, `field=value` is exactly (`tag=""`: has none); `a,b` is either of them;
- `shots>1000`, `qpu<=2.5`: numbers; a job whose number is not known does not fit;
- `age<2d`, `age>1h30m`: time since the job was created, in s, m, h, d, w;
- `created>2026-03-14`, `finished:2026-03`: local dates, as far as they are written;
- `is:unseen`: finished and not looked at since; `is:over`: nothing more happens to it;
- `-` before a term turns it round.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tui.jobquery.predicates import FIELDS, NUMBERS, STATES, TEXTS, TIME_SPAN, date_span

_ALIASES = {"program": "primitive", "tags": "tag"}

_SPACE = re.compile(r"\s+")
_FIELD = re.compile(r"([^\W\d]\w*)(<=|>=|[:=<>])")
_BARE = re.compile(r"""[^\s",]+""")
_WORD = re.compile(r"""[^\s"]+""")
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,9})?(?:[eE]\d{1,2})?", re.ASCII)
_SAFE_WORD = re.compile(r"""[^\s"\-:=<>,][^\s":=<>]*""")
_SAFE_VALUE = re.compile(r"""[^\s",]+""")


class FilterError(ValueError):
    """A filter that cannot be read.

    Attributes:
        message: what is wrong and what could be written instead; it may quote what was typed.
        at: where in the text, in characters.
        length: how many characters are meant.
    """

    def __init__(self, message: str, at: int, length: int) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.length = max(1, length)


@dataclass(frozen=True, slots=True)
class Term:
    """One condition.

    Attributes:
        field: one of `FIELDS`; empty: any text field.
        sign: `:`, `=`, `<`, `<=`, `>` or `>=`.
        values: one of them has to fit.
        negated: the job must not fit.
    """

    field: str
    sign: str
    values: tuple[str, ...]
    negated: bool = False

    def __str__(self) -> str:
        minus = "-" if self.negated else ""
        if not self.field:
            return minus + _quoted(self.values[0], _SAFE_WORD)
        return (
            f"{minus}{self.field}{self.sign}{','.join(_quoted(value, _SAFE_VALUE) for value in self.values)}"
        )


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Conditions, all of which have to hold; none: every job fits. `str` writes it so that it reads back."""

    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))

    @property
    def by_age(self) -> bool:
        """Whether what fits changes as time passes."""
        return any(term.field == "age" for term in self.terms)

    @property
    def by_sight(self) -> bool:
        """Whether what fits changes as jobs are looked at."""
        return any(term.field == "is" and "unseen" in map(str.casefold, term.values) for term in self.terms)


def parse_filter(text: str) -> JobFilter:
    """Read a filter.

    Raises:
        FilterError: a field that is not there, or a value that its field does not take.
    """
    terms: list[Term] = []
    at = 0
    while True:
        space = _SPACE.match(text, at)
        at = space.end() if space else at
        if at >= len(text):
            return JobFilter(tuple(terms))
        term, at = _term(text, at)
        terms.append(term)


def _term(text: str, at: int) -> tuple[Term, int]:
    negated = text[at] == "-" and at + 1 < len(text) and not text[at + 1].isspace()
    start = at + 1 if negated else at
    named = _FIELD.match(text, start)
    if named is None:
        word, end = _value(text, start, _WORD)
        return Term("", ":", (word,), negated), end
    field = _ALIASES.get(named[1].lower(), named[1].lower())
    if field not in FIELDS:
        raise FilterError(
            f"“{named[1]}” is no field: {', '.join(FIELDS)}. In quotation marks it is text.",
            start,
            len(named[1]),
        )
    values: list[str] = []
    end = named.end()
    while True:
        first = end
        value, end = _value(text, end, _BARE)
        wrong = _wrong(field, named[2], value, quoted=text[first : first + 1] == '"')
        if wrong:
            raise FilterError(wrong, start, end - start)
        values.append(value)
        if text[end : end + 1] != ",":
            return Term(field, named[2], tuple(values), negated), end
        end += 1


def _value(text: str, at: int, bare: re.Pattern[str]) -> tuple[str, int]:
    """A word, or what is between quotation marks; without the second one it goes on to the end."""
    if text[at : at + 1] != '"':
        match = bare.match(text, at)
        return (match[0], match.end()) if match else ("", at)
    letters: list[str] = []
    at += 1
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
        letters.append(text[at])
        at += 1
    return "".join(letters), min(at + 1, len(text))


def _wrong(field: str, sign: str, value: str, *, quoted: bool) -> str:
    """What is wrong with a value; empty: nothing."""
    if field in TEXTS:
        if sign not in {":", "="}:
            return f"{field} is text: {field}:… contains it, {field}=… is exactly it."
        return "" if value or quoted else f'{field}{sign} of what? {field}="" finds jobs without one.'
    if field in NUMBERS:
        return "" if _NUMBER.fullmatch(value) else f"{field} is a number: {field}>1000, {field}:4096."
    if field == "is":
        told = " or ".join(f"is:{state}" for state in STATES)
        return "" if sign in {":", "="} and value.casefold() in STATES else f"Write {told}."
    if field == "age":
        if sign in {":", "="} or not TIME_SPAN.fullmatch(value):
            return "age is a time with s, m, h, d or w: age<2d, age>1h30m."
        return ""
    try:
        date_span(value)
    except ValueError:
        return f"{field} is a date: {field}>2026-03-14, {field}:2026-03."
    return ""


def _quoted(value: str, safe: re.Pattern[str]) -> str:
    if safe.fullmatch(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
