"""Errors of the service: values with status and code, and their JSON in the form of each host."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

MORE_INFO = "https://quantum.cloud.ibm.com/docs/errors"
_CHECK_CREDENTIALS = "Verify your credentials and try again."


class ApiError(Exception):
    """An error response: its HTTP status and IBM's code; each host writes it in its own form."""

    def __init__(
        self,
        status: int,
        code: int | str,
        message: str,
        solution: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.solution = solution
        self.headers = headers or {}


def invalid_body(because: str) -> ApiError:
    """Error 400 (code 1208): a body that breaks the contract."""
    return ApiError(400, 1208, f"Request validation of body failed, because: {because}")


def invalid_query(because: str) -> ApiError:
    """Error 400 (code 1208): a query that breaks the contract."""
    return ApiError(400, 1208, f"Request validation of query failed, because: {because}")


def unauthenticated() -> ApiError:
    """Error 401 (code 1219): the bearer token is missing, unknown or expired."""
    return ApiError(401, 1219, "Error authenticating user.", _CHECK_CREDENTIALS)


def bad_credentials() -> ApiError:
    """Error 401 (code 1201): the API key or access token is not the account's."""
    return ApiError(401, 1201, "Invalid credentials.", _CHECK_CREDENTIALS)


def forbidden() -> ApiError:
    """Error 403 (code 1200): authenticated, but not allowed."""
    message = "You are not authorized to perform this action."
    return ApiError(403, 1200, message, "Try again or contact support.")


def instance_not_found() -> ApiError:
    """Error 404 (code 1200): the account has no such instance."""
    return ApiError(404, 1200, "Instance not found.", "Verify the instance in the Service-CRN header.")


def backend_not_found(name: str) -> ApiError:
    """Error 404 (code 1007): the service has no such backend."""
    return ApiError(404, 1007, f"Backend not found. Backend: {name}", "Choose one of the listed backends.")


def calibration_not_found(calibration_id: str, backend: str, known: str) -> ApiError:
    """Error 404 (code 1009): the backend has no such calibration; `known` is the id of the one it has."""
    message = f"Calibration not found. Backend: {backend}. Calibration ID: {calibration_id}"
    return ApiError(404, 1009, message, f"Leave the calibration ID out, or use {known}.")


def job_not_found(job_id: str) -> ApiError:
    """Error 404 (code 1291): there is no such job, or not the part of it that was asked for."""
    return ApiError(404, 1291, f"Job not found. Job ID: {job_id}", "Verify the job ID is correct.")


def session_not_found() -> ApiError:
    """Error 404 (code 1216): there is no such session."""
    return ApiError(404, 1216, "Session not found.", "Verify the session ID is correct.")


def usage_exceeded() -> ApiError:
    """Error 409 (code 1231): the instance has used up its QPU time."""
    return ApiError(409, 1231, "Usage exceeds instance limit", "Wait for the next usage period.")


def not_found() -> ApiError:
    """Error 404 (code 1291): there is no such path."""
    return ApiError(404, 1291, "Not found")


def runtime_body(error: ApiError) -> dict[str, Any]:
    """Return the JSON of both runtime APIs: a list with one error, and a trace id."""
    entry: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.solution:
        entry["solution"] = error.solution
    entry["more_info"] = MORE_INFO
    return {"errors": [entry], "trace": str(uuid4())}


def auth_body(status: int, message: str, code: str) -> dict[str, Any]:
    """Return the JSON of the classic auth host: one error, not a list."""
    error = {"status": status, "statusCode": status, "name": "Error", "message": message, "code": code}
    return {"error": error}


def iam_body(code: str, message: str, url: str) -> dict[str, Any]:
    """Return the JSON of IBM Cloud's identity service.

    Args:
        code: IBM's code, e.g. `BXNIM0415E`.
        message: the text for the user.
        url: the URL of the request, without its query.
    """
    context = {"requestId": str(uuid4()), "requestType": "incoming.Identity_Token", "url": url}
    return {"errorCode": code, "errorMessage": message, "context": {**context, "locale": "en_US"}}
