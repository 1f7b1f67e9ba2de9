"""How the service says no: error values, and their bodies in the dialect of each host."""

from __future__ import annotations

from typing import Any

from tui.sandbox.base.ids import new_uuid

MORE_INFO = "https://quantum.cloud.ibm.com/docs/errors"


class ApiError(Exception):
    """A refusal with its HTTP status and IBM's code; each host writes it in its own form."""

    def __init__(
        self, status: int, code: int, message: str, solution: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.solution = solution
        self.headers = headers or {}


def invalid(because: str) -> ApiError:
    """A body that breaks the contract."""
    return ApiError(400, 1208, f"Request validation of body failed, because: {because}")


def invalid_query(because: str) -> ApiError:
    """A query that breaks the contract."""
    return ApiError(400, 1208, f"Request validation of query failed, because: {because}")


def unauthenticated() -> ApiError:
    """The bearer is missing, unknown or out of date."""
    return ApiError(401, 1219, "Error authenticating user.", "Verify your credentials and try again.")


def bad_credentials() -> ApiError:
    return ApiError(401, 1201, "Invalid credentials.", "Verify your credentials and try again.")


def forbidden() -> ApiError:
    return ApiError(
        403, 1200, "You are not authorized to perform this action.", "Try again or contact support."
    )


def instance_not_found() -> ApiError:
    return ApiError(404, 1200, "Instance not found.", "Verify the instance in the Service-CRN header.")


def no_backend(name: str) -> ApiError:
    return ApiError(404, 1007, f"Backend not found. Backend: {name}", "Choose one of the listed backends.")


def no_job(job_id: str) -> ApiError:
    return ApiError(404, 1291, f"Job not found. Job ID: {job_id}", "Verify the job ID is correct.")


def no_session() -> ApiError:
    return ApiError(404, 1216, "Session not found.", "Verify the session ID is correct.")


def usage_exceeded() -> ApiError:
    return ApiError(409, 1231, "Usage exceeds instance limit", "Wait for the next usage period.")


def no_route() -> ApiError:
    return ApiError(404, 1291, "Not found")


def runtime_body(error: ApiError) -> dict[str, Any]:
    """The form of both runtime APIs: a list of errors and a trace id."""
    entry: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.solution:
        entry["solution"] = error.solution
    entry["more_info"] = MORE_INFO
    return {"errors": [entry], "trace": new_uuid()}


def auth_body(status: int, message: str, code: str, name: str = "Error") -> dict[str, Any]:
    """The form of the classic auth host: one error, not a list."""
    return {"error": {"status": status, "statusCode": status, "name": name, "message": message, "code": code}}


def iam_body(code: str, message: str, url: str) -> dict[str, Any]:
    """The form of IBM Cloud's identity service."""
    context = {
        "requestId": new_uuid(),
        "requestType": "incoming.Identity_Token",
        "url": url,
        "locale": "en_US",
    }
    return {"errorCode": code, "errorMessage": message, "context": context}
