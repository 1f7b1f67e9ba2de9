"""Error codes of IBM Quantum: their meaning, and what to do about them (contract 5.15)."""

from __future__ import annotations

from dataclasses import dataclass

from tui.common.errors import ErrorKind

RAN_TOO_LONG = "1305"
"""A job that was ended at the time it was allowed."""


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """The meaning of a code of the service.

    Attributes:
        kind: the kind of error it is, whatever the HTTP status.
        meaning: what happened, as a sentence.
        advice: what to do about it; empty where there is nothing to do.
    """

    kind: ErrorKind
    meaning: str
    advice: str = ""


_TRANSPILE = "Transpile the circuit for this backend and submit the result."
_KEY = "Sign in again with a valid key."
_NOT_VALID = ErrorCode(
    ErrorKind.INVALID, "The job did not pass validation.", "Correct the circuit or its options."
)
_LICENCE = ErrorCode(
    ErrorKind.FORBIDDEN, "The licence has not been accepted.", "Accept it on the service's web site."
)

ERROR_CODES: dict[str, ErrorCode] = {
    "1002": _NOT_VALID,
    "1003": ErrorCode(ErrorKind.CIRCUIT, "The service could not transpile the circuit.", _TRANSPILE),
    "1004": ErrorCode(
        ErrorKind.SERVER, "The backend is not available.", "Choose another backend or try later."
    ),
    "1005": ErrorCode(ErrorKind.SERVER, "The backend's basis gates are not available.", "Try again later."),
    "1006": ErrorCode(ErrorKind.SERVER, "The service could not convert the job.", "Try again later."),
    "1007": ErrorCode(
        ErrorKind.NOT_FOUND, "The backend is not known.", "Choose one from the list of backends."
    ),
    "1008": _NOT_VALID,
    "1009": ErrorCode(
        ErrorKind.SERVER, "The backend's data is missing.", "Choose another backend or try later."
    ),
    "1010": ErrorCode(
        ErrorKind.SERVER, "The service failed at the level of the backend.", "Try again later."
    ),
    "1011": ErrorCode(ErrorKind.SERVER, "The service could not queue the job.", "Try again later."),
    "1200": ErrorCode(
        ErrorKind.FORBIDDEN,
        "The key is known, but may not do this on this instance.",
        "Choose another instance, or ask its owner for access.",
    ),
    "1201": ErrorCode(ErrorKind.EXPIRED, "The credentials are not accepted.", _KEY),
    "1202": ErrorCode(
        ErrorKind.RATE_LIMITED, "Too many requests.", "Wait a minute: five jobs a minute are taken."
    ),
    "1204": ErrorCode(ErrorKind.INVALID, "The job has too many tags.", "Give at most 8."),
    "1205": ErrorCode(ErrorKind.INVALID, "A tag is too long.", "Give each at most 86 characters."),
    "1208": ErrorCode(ErrorKind.INVALID, "The service refused what was sent."),
    "1217": ErrorCode(ErrorKind.CONFLICT, "The session does not take jobs.", "Open a new session."),
    "1219": ErrorCode(ErrorKind.EXPIRED, "The service could not authenticate you.", _KEY),
    "1234": ErrorCode(ErrorKind.CONFLICT, "The job has no result yet.", "Wait until it is finished."),
    "1291": ErrorCode(
        ErrorKind.NOT_FOUND, "The job is not known to this instance.", "Check the id and the instance."
    ),
    RAN_TOO_LONG: ErrorCode(
        ErrorKind.CONFLICT, "The job ran longer than allowed.", "Use fewer shots, or split the job."
    ),
    "3211": ErrorCode(ErrorKind.CIRCUIT, "The job is not valid for this backend.", _TRANSPILE),
    "3444": _LICENCE,
    "3445": ErrorCode(
        ErrorKind.FORBIDDEN,
        "The account has to log in on the web site first.",
        "Log in there once, then here.",
    ),
    "3446": ErrorCode(ErrorKind.WRONG_KEY, "The API token is not known.", "Check that it was copied whole."),
    "3458": ErrorCode(
        ErrorKind.CONFLICT, "The limit of jobs at the same time is reached.", "Wait for a job or cancel one."
    ),
    "4001": ErrorCode(ErrorKind.CONFLICT, "The session is closed.", "Open a new session."),
    "5201": ErrorCode(ErrorKind.CONFLICT, "The job timed out.", "Use fewer shots, or split the job."),
    "5202": ErrorCode(ErrorKind.CONFLICT, "The job was cancelled."),
    "5203": ErrorCode(ErrorKind.CIRCUIT, "The job failed to run."),
    "BXNIM0109E": ErrorCode(ErrorKind.WRONG_KEY, "No API key was given.", "Type or paste the key."),
    "BXNIM0415E": ErrorCode(
        ErrorKind.WRONG_KEY, "The API key is not known.", "Check that it was copied whole."
    ),
    "ACCEPT_LICENSE_REQUIRED": _LICENCE,
}
