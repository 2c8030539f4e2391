"""The errors of the gateway, as one tree of exceptions.

    GatewayError
        BadRequest              400  not JSON, wrong type, missing field, bad path
        Unauthorized            401  bad credential
            NoCredential        401  no credential was sent
            MistypedToken       401  a token of ours with a wrong checksum
            UnknownKey          401  a JWT whose issuer may have published its key meanwhile
        Forbidden               403  scope, model, Host or Origin not allowed
        NotFound                404  unknown route or model
        MethodNotAllowed        405
        ClientStalled           408  the client does not read its reply
        Conflict                409  a name that is taken
        BodyTooLarge            413
        UnsupportedMedia        415
            UnsupportedCoding   415  a Content-Encoding that is not supported
        UpgradeRequired         426  a WebSocket on a path that has none
        TooManyJobs             429  more than one socket may have in flight
        RateLimited             429  a limit of requests or tokens is reached
        TooManySockets          429  more sockets of one caller than may be open
        TooManyWaiting          429  more requests of one caller than may wait
        BudgetSpent             429  a credential has used up its budget (usage.budgets)
        TooManyWrongTokens      429  more than one address may send
        UpstreamAnswer          any  Ollama itself refused; its status and message
            PromptTooLong       400  the prompt does not fit into the model's context
        UpstreamUnavailable     503  Ollama cannot be reached
        UpstreamBroken          502  Ollama broke off, or its reply is malformed
        UpstreamTimeout         504  one of the timeouts of `service.*` ran out
        Overloaded              503  the bodies of requests take too much memory
        Stopped                 503  stopped by its owner or by who manages the gateway
        QueueFull               503  the queue for Ollama is full
        RatesUnavailable        503  nobody can say whether a limit is reached
        QueueTimeout            504  no slot was free in time
        StoreFailed             503  the gateway's database cannot be used
        ShuttingDown            503
    ConfigError                      a setting that stops the start; never sent to a client

A class carries what every handler needs to answer: `status` (HTTP) and `code`, a word for programs.
The message is one sentence for the person who sent the request; it never holds a credential, a
prompt, a reply or an internal detail. Raise anywhere; `handlers/answers.py` is the one place that
turns an error into an answer, in the form of the route's dialect (`wire/dialects.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

_PHRASES = {status.value: status.phrase.lower() for status in HTTPStatus}


class GatewayError(Exception):
    """Base of all errors that are reported to a client."""

    status = 500
    code: str | None = None
    reason: str | None = None
    """The words behind the status on the wire, for clients of Ollama's API, where they are not the
    usual ones."""

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        """`message` is shown to the client; `param` names the request field at fault (dotted,
        as OpenAI does); `code` overrides the class's; `retry_after` is in whole seconds."""
        super().__init__(message)
        self.message = message
        self.param = param
        self.retry_after = retry_after
        if code is not None:
            self.code = code

    @property
    def outcome(self) -> str:
        """A word or two for the log: the error's `code`, else the name of the status."""
        return self.code or _PHRASES.get(self.status, str(self.status))


class BadRequest(GatewayError):
    status = 400


class Unauthorized(GatewayError):
    status = 401
    code = "invalid_api_key"


class NoCredential(Unauthorized):
    def __init__(self, message: str, *, path_tokens: bool) -> None:
        """`path_tokens`: whether a token may stand in the URL, of which clients of Ollama's API are
        told."""
        super().__init__(message)
        self.path_tokens = path_tokens
        if path_tokens:
            # All that the `ollama` command prints of a 401 to `pull`, `push` and other streams.
            self.reason = "Unauthorized (OLLAMA_HOST=http://HOST:PORT/k/TOKEN brings a token)"


class MistypedToken(Unauthorized):
    """A token whose checksum is wrong. Only the log says so: a client gets the same answer as with
    any unknown credential."""

    outcome = "mistyped token"


class UnknownKey(Unauthorized):
    """A JWT of a known issuer names a key that is not known. It is refused if it is still so when
    the issuer's keys have been fetched anew."""

    def __init__(self, message: str, issuer: str) -> None:
        super().__init__(message)
        self.issuer = issuer


class Forbidden(GatewayError):
    status = 403
    code = "permission_denied"


class NotFound(GatewayError):
    status = 404
    code = "not_found"


class MethodNotAllowed(GatewayError):
    status = 405
    code = "method_not_allowed"

    def __init__(self, message: str, *, allow: tuple[str, ...]) -> None:
        """`allow`: the methods of the route, for the `Allow` header (RFC 9110, 15.5.6)."""
        super().__init__(message)
        self.allow = allow


class ClientStalled(GatewayError):
    status = 408
    code = "client_stalled"


class Conflict(GatewayError):
    status = 409
    code = "conflict"


class BodyTooLarge(GatewayError):
    status = 413
    code = "request_too_large"


class UnsupportedMedia(GatewayError):
    status = 415
    code = "unsupported_media_type"


class UnsupportedCoding(UnsupportedMedia):
    def __init__(self, message: str, *, accepted: tuple[str, ...] = ()) -> None:
        """`accepted`: the codings that are taken, for the `Accept-Encoding` header (RFC 9110,
        12.5.3); none stands for `identity`."""
        super().__init__(message)
        self.accepted = accepted


class UpgradeRequired(GatewayError):
    """A WebSocket was requested on a path that has none; the name is RFC 9110's (section
    15.5.22)."""

    status = 426
    code = "upgrade_required"

    def __init__(self) -> None:
        super().__init__("There is no WebSocket at this path: send requests over HTTP/1.1.")


class TooManyJobs(GatewayError):
    status = 429
    code = "rate_limit_exceeded"


class RateLimited(GatewayError):
    status = 429
    code = "rate_limit_exceeded"

    def __init__(
        self, message: str, *, retry_after: int, headers: Mapping[str, str] | None = None
    ) -> None:
        """`headers`: what is left of each limit, for the answer."""
        super().__init__(message, retry_after=retry_after)
        self.headers = headers or {}


class TooManySockets(GatewayError):
    status = 429
    code = "rate_limit_exceeded"

    def __init__(self, max_sockets: int) -> None:
        super().__init__(
            f"You may have {max_sockets} sockets open (max_sockets); close one first.",
            retry_after=5,
        )


class TooManyWaiting(GatewayError):
    status = 429
    code = "rate_limit_exceeded"

    def __init__(self, max_queued: int) -> None:
        super().__init__(
            f"Ollama is busy, and {max_queued} of your requests wait for it already (max_queued); "
            "send the next when one of them has ended.",
            retry_after=5,
        )


class Stopped(GatewayError):
    status = 503
    code = "stopped"

    def __init__(self) -> None:
        super().__init__("This request was stopped by somebody who may do so.")


class BudgetSpent(GatewayError):
    """No `Retry-After`: it would be days, for which some SDKs sleep."""

    status = 429
    code = "insufficient_quota"


class TooManyWrongTokens(GatewayError):
    status = 429
    code = "rate_limit_exceeded"

    def __init__(self, seconds: int) -> None:
        super().__init__(
            "This address has sent too many wrong credentials; the next wrong one is looked at "
            f"in {seconds} s, a right one at any time.",
            retry_after=seconds,
        )


class UpstreamAnswer(GatewayError):
    """Ollama answered with an error of its own: `status` and message are Ollama's, `param` the
    field at fault by Ollama's name. Made by `wire/ollama_errors.py`."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        param: str | None = None,
        code: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message, param=param, code=code, retry_after=retry_after)
        self.status = status


class PromptTooLong(UpstreamAnswer):
    """The prompt does not fit into the model's context. `tokens`: the length of the prompt;
    `window`: the size of the context, in tokens. None where Ollama did not report it."""

    def __init__(
        self, message: str, *, param: str, tokens: int | None = None, window: int | None = None
    ) -> None:
        super().__init__(message, status=400, param=param, code="context_length_exceeded")
        self.tokens = tokens
        self.window = window


class UpstreamUnavailable(GatewayError):
    status = 503
    code = "upstream_unavailable"

    def __init__(self, message: str) -> None:
        super().__init__(message, retry_after=1)


class UpstreamBroken(GatewayError):
    status = 502
    code = "upstream_broken"


class UpstreamTimeout(GatewayError):
    status = 504
    code = "upstream_timeout"


class Overloaded(GatewayError):
    status = 503
    code = "overloaded"

    def __init__(self) -> None:
        super().__init__(
            "The requests under way take all the memory that is meant for their bodies "
            "(limits.max_buffered_bytes). Try again in a moment.",
            retry_after=5,
        )


class QueueFull(GatewayError):
    status = 503
    code = "queue_full"

    def __init__(self, max_queued: int) -> None:
        super().__init__(
            f"Ollama is busy and the queue for it is full: {max_queued} may wait "
            "(limits.max_queued). Try again in a moment.",
            retry_after=5,
        )


class RatesUnavailable(GatewayError):
    status = 503
    code = "limits_unavailable"

    def __init__(self) -> None:
        super().__init__(
            "Limits cannot be checked now (limits.storage), and nothing is let through without. "
            "Try again in a moment.",
            retry_after=1,
        )


class QueueTimeout(GatewayError):
    status = 504
    code = "queue_timeout"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Ollama was not free within {seconds:g} s (limits.queue_timeout).")


class StoreFailed(GatewayError):
    """The database cannot be read or written. `path` is its file, for the operator alone."""

    status = 503
    code = "store_failed"

    def __init__(self, reason: str, path: Path) -> None:
        super().__init__(f"The gateway's database cannot be used: {reason}.", retry_after=5)
        self.path = path


class ShuttingDown(GatewayError):
    status = 503
    code = "shutting_down"

    def __init__(self) -> None:
        super().__init__("The gateway is shutting down; try again in a moment.", retry_after=1)


class ConfigError(Exception):
    """A setting has a wrong value. The message is one line: key path, value, rule, where it was
    read."""
