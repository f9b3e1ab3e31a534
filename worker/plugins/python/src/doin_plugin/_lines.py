"""The loop over lines of JSON-RPC 2.0 on standard input and output, which all kinds of programs share."""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import IO, Any, Callable, Dict, Mapping, Optional

VERSION = 1
METHOD_NOT_FOUND = -32601
PARSE_ERROR = -32700

_MOST_SHOWN = 80
"""Characters of a value that an error shows."""

Methods = Mapping[str, Callable[[Any], Any]]
"""Functions by the methods of messages. A function takes `params`, and returns the `result`."""


class UnknownMethod(Exception):
    """A method that a program does not have."""


def check_version(version: Any) -> None:
    """Raises ValueError if the worker speaks another version of the protocol."""
    if version != VERSION:
        raise ValueError(f"the worker speaks version {version} of the protocol, and this package {VERSION}: update the older one")


def check_object(program: Any, function: str) -> None:
    """Raises TypeError if `function` was called with a class in the place of an object of it."""
    if isinstance(program, type):
        raise TypeError(f"`{function}` was called with the class `{program.__name__}`: write `{function}({program.__name__}())`")


def shortened(value: Any) -> str:
    """Returns the beginning of the text of a value, for an error that a log has."""
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "…"


def answer_lines(kind: str, methods: Methods, source: Optional[IO[str]] = None, target: Optional[IO[str]] = None) -> None:
    """Answers the lines of `source`, one message each, until it ends. Source and target are standard input and output by default.

    Whatever else the program prints goes to standard error, since standard output has answers alone.
    """
    if target is None:
        target = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        sys.stdout = sys.stderr
    if source is None:
        source = sys.stdin
    if source.isatty():
        # Somebody has started it by hand, and would wait for it in vain.
        kit = f"python3 -m doin_plugin.conformance --kind {kind} -- python3 {sys.argv[0]}"
        print(f"this program waits for the messages of a worker, one a line: test it with `{kit}`", file=sys.stderr)
    for line in source:
        envelope = _answer(methods, line)
        if envelope is not None:
            target.write(json.dumps(envelope) + "\n")
            target.flush()


def _answer(methods: Methods, line: str) -> Optional[Dict[str, Any]]:
    """Returns the answer to a line; `None` for one that has none."""
    try:
        message = json.loads(line)
        method, is_notification = message["method"], "id" not in message
    except (ValueError, TypeError, KeyError) as error:
        return {"jsonrpc": "2.0", "id": None, "error": {"code": PARSE_ERROR, "message": f"no message: {error}"}}
    envelope: Dict[str, Any] = {"jsonrpc": "2.0", "id": message.get("id")}
    try:
        called = methods.get(method) if isinstance(method, str) else None
        if called is None:
            raise UnknownMethod
        result = called(message.get("params") or {})
        # Numbers that JSON does not have, e.g. NaN, are an error here.
        json.dumps(result, allow_nan=False)
        envelope["result"] = result
    except UnknownMethod:
        envelope["error"] = {"code": METHOD_NOT_FOUND, "message": f"method `{method}` is not implemented"}
    except Exception as error:  # The worker names it, and starts a search program again.
        traceback.print_exc(file=sys.stderr)
        envelope["error"] = {"code": 1, "message": f"{method}: {type(error).__name__}: {error}"}
    return None if is_notification else envelope
