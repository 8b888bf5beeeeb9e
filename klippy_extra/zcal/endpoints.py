# Endpoints of Klipper's API server
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
"""Moonraker exposes them as `printer.zcal.*`. They answer while a command is running. Only a web request's own error
may leave a handler: Klipper shuts down on any other exception.
"""

from __future__ import annotations

import json
import logging
import math
from typing import TYPE_CHECKING, Any, Callable, Mapping

from .errors import CommandRefused
from .status import plain

if TYPE_CHECKING:
    from klippy.webhooks import WebHooks, WebRequest

LOG = logging.getLogger(__name__)

LONGEST_NAME = 200
"""Characters of a name that a client gives itself: it is in the status, which all subscribers get, and in messages."""

Answer = Callable[["EndpointRequest"], Mapping[str, Any]]


class EndpointRequest:
    """The checked parameters of a request."""

    def __init__(self, request: WebRequest) -> None:
        self._request = request

    def whole(self, name: str, default: int) -> int:
        """An integer. Raises CommandRefused."""
        value = self._get(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise CommandRefused(f"{name} must be an integer.")
        return value

    def number(self, name: str, default: float | None = None) -> float:
        """A finite number, required if there is no default. Raises CommandRefused."""
        return finite(name, self._get(name, default))

    def text(self, name: str, default: str | None = None) -> str:
        """A non-empty string, required if there is no default. Raises CommandRefused."""
        value = self._get(name, default)
        if not isinstance(value, str) or not value:
            raise CommandRefused(f"{name} must be a non-empty string.")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise CommandRefused(f"{name} contains characters that cannot be encoded.") from None
        return value

    def name(self, name: str) -> str:
        """A required name: at most 200 printable characters. Raises CommandRefused."""
        value = self.text(name)
        if len(value) > LONGEST_NAME or not value.isprintable():
            raise CommandRefused(f"{name} must be at most {LONGEST_NAME} printable characters.")
        return value

    def tag(self) -> str | None:
        """The tag of a run, or None. Raises CommandRefused."""
        return None if self._get("tag", None) is None else self.name("tag")

    def small_mapping(self, name: str) -> Mapping[str, Any]:
        """An object whose JSON is at most 200 printable characters, empty if not given. Raises CommandRefused."""
        value = self.mapping(name)
        try:
            written = json.dumps(value, ensure_ascii=False)
        except (ValueError, RecursionError):
            written = "\0"
        if len(written) > LONGEST_NAME or not written.isprintable():
            raise CommandRefused(f"{name} must be at most {LONGEST_NAME} printable characters of JSON.")
        return value

    def mapping(self, name: str) -> Mapping[str, Any]:
        """An object, empty if not given. Raises CommandRefused."""
        value = self._get(name, {})
        if not isinstance(value, dict):
            raise CommandRefused(f"{name} must be an object.")
        return value

    def _get(self, name: str, default: Any) -> Any:
        value = self._request.get(name, None)
        return default if value is None else value


def finite(name: str, value: Any) -> float:
    """A value as a finite number. Raises CommandRefused."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise CommandRefused(f"{name} must be a number.")
    return float(value)


def register(webhooks: WebHooks, path: str, answer: Answer) -> None:
    """Register a function that answers the requests for a path."""

    def callback(request: WebRequest) -> None:
        try:
            answered = plain(answer(EndpointRequest(request)))
        except CommandRefused as refused:
            raise request.error(str(refused)) from refused
        except Exception as error:
            # Klipper shuts down on any other exception from an endpoint.
            LOG.exception("zcal: endpoint %s", path)
            raise request.error(f"Internal error in {path}: {error}. See klippy.log.") from error
        request.send(answered)

    webhooks.register_endpoint(path, callback)
