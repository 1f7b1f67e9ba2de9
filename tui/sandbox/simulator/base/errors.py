"""Why a job fails, in words for its user."""

from __future__ import annotations


class Failure(Exception):
    """The job cannot be done. `code` is IBM's error number, `solution` what to do about it."""

    def __init__(self, reason: str, code: int = 1002, solution: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.solution = solution
