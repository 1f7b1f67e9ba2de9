"""What the service's error codes mean, in words, and what to do (contract 5.15)."""

from __future__ import annotations

from dataclasses import dataclass

from tui.common.errors import ErrorKind

RAN_TOO_LONG = "1305"


@dataclass(frozen=True, slots=True)
class Code:
    """A code's meaning: the kind of error it is whatever the HTTP status, and what to do."""

    kind: ErrorKind
    meaning: str
    advice: str = ""


_TRANSPILE = "Transpile the circuit for this backend and submit the result."
_KEY = "Sign in again with a valid key."

CODES: dict[str, Code] = {
    "1002": Code(
        ErrorKind.INVALID, "The job did not pass validation.", "Correct the circuit or its options."
    ),
    "1003": Code(ErrorKind.CIRCUIT, "The service could not transpile the circuit.", _TRANSPILE),
    "1004": Code(ErrorKind.SERVER, "The backend is not available.", "Choose another backend or try later."),
    "1005": Code(ErrorKind.SERVER, "The backend's basis gates are not available.", "Try again later."),
    "1006": Code(ErrorKind.SERVER, "The service could not convert the job.", "Try again later."),
    "1007": Code(ErrorKind.NOT_FOUND, "The backend is not known.", "Choose one from the list of backends."),
    "1008": Code(
        ErrorKind.INVALID, "The job did not pass validation.", "Correct the circuit or its options."
    ),
    "1009": Code(ErrorKind.SERVER, "The backend's data is missing.", "Choose another backend or try later."),
    "1010": Code(ErrorKind.SERVER, "The service failed at the level of the backend.", "Try again later."),
    "1011": Code(ErrorKind.SERVER, "The service could not queue the job.", "Try again later."),
    "1200": Code(
        ErrorKind.FORBIDDEN,
        "The key is known, but may not do this on this instance.",
        "Choose another instance, or ask its owner for access.",
    ),
    "1201": Code(ErrorKind.EXPIRED, "The credentials are not accepted.", _KEY),
    "1202": Code(
        ErrorKind.RATE_LIMITED, "Too many requests.", "Wait a minute: five jobs a minute are taken."
    ),
    "1204": Code(ErrorKind.INVALID, "The job has too many tags.", "Give at most 8."),
    "1205": Code(ErrorKind.INVALID, "A tag is too long.", "Give each at most 86 characters."),
    "1208": Code(ErrorKind.INVALID, "The service refused what was sent."),
    "1217": Code(ErrorKind.CONFLICT, "The session does not take jobs.", "Open a new session."),
    "1219": Code(ErrorKind.EXPIRED, "The service could not authenticate you.", _KEY),
    "1234": Code(ErrorKind.CONFLICT, "The job has no result yet.", "Wait until it is finished."),
    "1291": Code(
        ErrorKind.NOT_FOUND, "The job is not known to this instance.", "Check the id and the instance."
    ),
    RAN_TOO_LONG: Code(
        ErrorKind.CONFLICT, "The job ran longer than allowed.", "Use fewer shots, or split the job."
    ),
    "3211": Code(ErrorKind.CIRCUIT, "The job is not valid for this backend.", _TRANSPILE),
    "3444": Code(
        ErrorKind.FORBIDDEN, "The licence has not been accepted.", "Accept it on the service's web site."
    ),
    "3445": Code(
        ErrorKind.FORBIDDEN,
        "The account has to log in on the web site first.",
        "Log in there once, then here.",
    ),
    "3446": Code(ErrorKind.WRONG_KEY, "The API token is not known.", "Check that it was copied whole."),
    "3458": Code(
        ErrorKind.CONFLICT, "The limit of jobs at the same time is reached.", "Wait for a job or cancel one."
    ),
    "4001": Code(ErrorKind.CONFLICT, "The session is closed.", "Open a new session."),
    "5201": Code(ErrorKind.CONFLICT, "The job timed out.", "Use fewer shots, or split the job."),
    "5202": Code(ErrorKind.CONFLICT, "The job was cancelled."),
    "5203": Code(ErrorKind.CIRCUIT, "The job failed to run."),
    "BXNIM0109E": Code(ErrorKind.WRONG_KEY, "No API key was given.", "Type or paste the key."),
    "BXNIM0415E": Code(ErrorKind.WRONG_KEY, "The API key is not known.", "Check that it was copied whole."),
    "ACCEPT_LICENSE_REQUIRED": Code(
        ErrorKind.FORBIDDEN, "The licence has not been accepted.", "Accept it on the service's web site."
    ),
}

STATUSES: dict[int, tuple[ErrorKind, str]] = {
    400: (ErrorKind.INVALID, "Correct what is named and try again."),
    401: (ErrorKind.EXPIRED, "Sign in again."),
    402: (ErrorKind.FORBIDDEN, "The instance has nothing left to spend: see its usage."),
    403: (ErrorKind.FORBIDDEN, "Choose another instance, or ask its owner for access."),
    404: (ErrorKind.NOT_FOUND, "Check the name or id, and the instance."),
    405: (ErrorKind.PROTOCOL, "Check that the endpoint is the one of this service."),
    408: (ErrorKind.TIMEOUT, "Try again."),
    409: (ErrorKind.CONFLICT, "Look at its state first."),
    410: (ErrorKind.NOT_FOUND, ""),
    413: (ErrorKind.INVALID, "The job is too large: split it."),
    422: (ErrorKind.INVALID, "Correct what is named and try again."),
    425: (ErrorKind.SERVER, "Try again."),
    429: (ErrorKind.RATE_LIMITED, "Wait a little: five jobs a minute are taken."),
    511: (ErrorKind.PROTOCOL, "Log in to the network you are on, then try again."),
}
"""What an HTTP status means when no known code says more; 5xx not named here is `SERVER`."""


def words(code: str) -> Code | None:
    """What a code means, `None` when it is not known."""
    return CODES.get(code)
