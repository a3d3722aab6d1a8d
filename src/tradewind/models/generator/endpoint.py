"""Any service that speaks OpenAI's chat completions: a hosted one, or a server of the shop's own (vLLM, llama.cpp)."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from tradewind.errors import ConfigError, ModelError
from tradewind.tasks.describe.brief import Brief, prompt

LARGEST_ANSWER: Final = 1_000_000
_PASSING: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
"""Answers that may be others a moment later."""
_INSTRUCTIONS: Final = {
    "en": "You write product descriptions for a shop: one or two plain sentences in English. Say only what the facts "
    "say; add no feature, number, material, colour or brand. No superlatives, no medical claims.",
    "zh": "你为商店写商品描述：一到两句朴实的中文。只写给出的事实，不得添加任何功能、数字、材质、颜色或品牌。"
    "不用最高级用语，不作医疗宣称。",
}


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """Where the service is and how patiently it is asked.

    `url` ends before `/chat/completions`, for example https://host/v1. `key_variable` names the environment variable
    that holds the key; the key itself stands nowhere. `longest_wait` bounds what a Retry-After may ask for, in seconds.
    """

    url: str
    model: str
    key_variable: str | None = None
    timeout: float = 60.0
    attempts: int = 4
    longest_wait: float = 60.0
    tokens: int = 120
    temperature: float = 0.0


class _NoRedirects(HTTPRedirectHandler):
    """A redirect would carry the key to another host."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@dataclass(frozen=True, slots=True)
class EndpointGenerator:
    """Writes by asking the service once per brief; what may pass is tried again, as Retry-After says."""

    settings: EndpointSettings
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.settings.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
            raise ConfigError(f"not the address of a service: {self.settings.url!r}", hint="https://HOST/v1")
        if self.settings.key_variable and parts.scheme == "http" and not _is_local(parts.hostname):
            raise ConfigError("a key is not sent without encryption", hint="use an https address")

    @property
    def name(self) -> str:
        """Returns the model and the host, never the key."""
        return f"{self.settings.model} at {urlsplit(self.settings.url).hostname}"

    def write(self, briefs: list[Brief]) -> list[str]:
        """Returns one text per brief. Raises ModelError when the service fails or answers what is no completion."""
        return [self._one(brief) for brief in briefs]

    def _one(self, brief: Brief) -> str:
        body = {
            "model": self.settings.model,
            "messages": [
                {"role": "system", "content": _INSTRUCTIONS[brief.language]},
                {"role": "user", "content": prompt(brief)},
            ],
            "max_tokens": self.settings.tokens,
            "temperature": self.settings.temperature,
        }
        return _text_of(self._answer(json.dumps(body, ensure_ascii=False).encode()), self._where)

    def _answer(self, body: bytes) -> bytes:
        for attempt in range(self.settings.attempts):
            last = attempt + 1 == self.settings.attempts
            try:
                return self._post(body)
            except HTTPError as error:
                reason, wait = _refusal(error), _asked_to_wait(error.headers)
                if last or error.code not in _PASSING or (wait or 0.0) > self.settings.longest_wait:
                    raise ModelError(reason, where=self._where) from None
            except (URLError, TimeoutError, OSError, HTTPException) as error:
                wait = None
                if last:
                    raise ModelError(f"the service does not answer ({_cause(error)})", where=self._where) from None
            self.sleep(min(2.0**attempt if wait is None else wait, self.settings.longest_wait))
        raise ModelError("the service was never asked", where=self._where, hint="attempts is at least 1")

    def _post(self, body: bytes) -> bytes:
        request = Request(self._where, data=body, headers=self._headers(), method="POST")  # noqa: S310
        with build_opener(_NoRedirects).open(request, timeout=self.settings.timeout) as response:
            answer: bytes = response.read(LARGEST_ANSWER + 1)
        if len(answer) > LARGEST_ANSWER:
            raise ModelError(f"the service answered more than {LARGEST_ANSWER:,} bytes", where=self._where)
        return answer

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.settings.key_variable:
            key = os.environ.get(self.settings.key_variable, "").strip()
            if not key:
                raise ConfigError(f"the environment variable {self.settings.key_variable} holds no key")
            headers["Authorization"] = f"Bearer {key}"
        return headers

    @property
    def _where(self) -> str:
        return f"{self.settings.url.rstrip('/')}/chat/completions"


def _text_of(answer: bytes, where: str) -> str:
    try:
        choice = json.loads(answer)["choices"][0]
        content = choice["message"]["content"]
    except (ValueError, LookupError, TypeError):
        raise ModelError("the service answered something else than a chat completion", where=where) from None
    if content is None:
        return ""
    if not isinstance(content, str):
        raise ModelError("the service answered no text", where=where)
    return content


def _refusal(error: HTTPError) -> str:
    """Services say in the body what they did not like; it may be anything."""
    try:
        told = json.loads(error.read(10_000))["error"]
        message = told["message"] if isinstance(told, dict) else told
    except (ValueError, LookupError, TypeError, OSError):
        message = error.reason
    return f"the service refused with {error.code}: {' '.join(str(message).split())[:300]}"


def _asked_to_wait(headers: Message) -> float | None:
    """Retry-After is a number of seconds or a date."""
    value = headers.get("Retry-After")
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def _cause(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return " ".join(str(reason).split())[:160] or type(error).__name__


def _is_local(host: str) -> bool:
    return host in {"localhost", "127.0.0.1", "::1"}
