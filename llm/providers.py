"""One call of one model through litellm, which is imported here alone, and only when a call is made (3 s, 190 MB)."""

import logging
import os
import threading
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from functools import cache
from queue import Empty, Queue
from typing import Any, Final

from django.conf import settings
from pydantic import BaseModel

from llm.catalogue import Model
from voc.core.errors import Transient
from voc.core.http import Refused, check_address, guarded, retry_after

Messages = list[dict[str, str]]
# These will not mend themselves within seconds: the key is wrong, the model gone.
LOCKED_OUT: Final = frozenset({401, 403, 404})


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said and how many tokens it counted; `finished` is False when it was cut off."""

    text: str
    input_tokens: int
    output_tokens: int
    finished: bool
    counted: bool = True


def call(model: Model, messages: Messages, *, schema: type[BaseModel], max_tokens: int, seconds: float) -> Reply:
    """Ask once; no retries. Raises Transient (with a time where the provider named one) and Refused (its `status`).

    `seconds` hold whatever the connection does: the call runs in a thread of its own, which is left behind when late.
    """
    address, key = _door_of(model)
    check_address(address)
    litellm = _litellm()

    def ask() -> Any:
        return litellm.completion(
            model=model.name,
            messages=messages,
            response_format=schema,
            max_tokens=max_tokens,
            timeout=seconds,
            max_retries=0,
            api_base=address,
            api_key=key or "none",
        )

    with guarded(model.peer, address):
        try:
            # An answer that cannot be read is none: some leave the choices out when a filter of theirs strikes.
            return _reply(_bounded(ask, seconds))
        except Empty:
            raise Transient(f"{model.name} took too long", ambiguous=True) from None
        except Exception as error:
            raise _typed(model, error) from error


def _door_of(model: Model) -> tuple[str, str]:
    match model.provider:
        case "anthropic":
            return settings.ANTHROPIC_BASE_URL, settings.ANTHROPIC_API_KEY
        case "ollama_chat":
            return settings.OLLAMA_BASE_URL, ""
    return settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY


def _bounded(work: Callable[[], Any], seconds: float) -> Any:
    """What `work` returns or raises; Empty when that takes longer. The thread never touches the database."""
    outcome: Queue[tuple[Any, Exception | None]] = Queue()

    def run() -> None:
        try:
            outcome.put((work(), None))
        except Exception as error:  # noqa: BLE001 - a thread's boundary: raised again in the caller's
            outcome.put((None, error))

    threading.Thread(target=copy_context().run, args=(run,), name="llm", daemon=True).start()
    # A moment more than the client's own time limit, whose error says more than ours.
    answer, failure = outcome.get(timeout=seconds + 0.5)
    if failure:
        raise failure
    return answer


def _typed(model: Model, error: Exception) -> Exception:
    """The system's error for litellm's. No message repeats what the provider said: it may quote the prompt."""
    status = getattr(error, "status_code", None)
    name = type(error).__name__
    if status == 408 or name == "Timeout":
        return Transient(f"{model.name} took too long", ambiguous=True)
    if status in (429, 503):
        return Transient(f"{model.name} asks to wait ({status})", at=retry_after(_wait_asked(error)))
    if isinstance(status, int) and 400 <= status < 500:
        return Refused(f"{model.name} refuses the request ({status} {name})", status=status)
    return Transient(f"{model.name} failed ({name})", ambiguous=True)


def _wait_asked(error: BaseException | None) -> str | None:
    """The Retry-After header: litellm keeps it on its own error for some providers, else only on what that came from."""
    while error is not None:
        for headers in (getattr(error, "litellm_response_headers", None), _headers(error)):
            if headers and (value := headers.get("retry-after")):
                return str(value)
        error = error.__cause__ or error.__context__
    return None


def _headers(error: BaseException) -> Any:
    return getattr(getattr(error, "response", None), "headers", None)


def _reply(answer: Any) -> Reply:
    choice = answer.choices[0]
    usage: Any = getattr(answer, "usage", None)
    counted = bool(usage and usage.total_tokens)
    return Reply(
        text=choice.message.content or "",
        input_tokens=int(usage.prompt_tokens or 0) if counted else 0,
        output_tokens=int(usage.completion_tokens or 0) if counted else 0,
        finished=choice.finish_reason != "length",
        counted=counted,
    )


@cache
def _litellm() -> Any:
    import litellm  # noqa: PLC0415 - see above

    litellm.suppress_debug_info = True
    litellm.telemetry = False
    # It tells of every call, twice, and of every failure, with the answer that it got: the ledger does that, without.
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # A client that was made before a fork hands one child's answers to another.
    os.register_at_fork(after_in_child=litellm.in_memory_llm_clients_cache.flush_cache)
    return litellm


def model_map() -> dict[str, dict[str, Any]]:
    """litellm's own table of models, as it was shipped."""
    found: dict[str, dict[str, Any]] = _litellm().model_cost
    return found
