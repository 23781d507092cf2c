"""Secrets stay out of texts: of logs, of the errors that Dagster keeps, of what a crash prints.

Clients write no secret into a text of their own. This is for texts of others: a library's error
that quotes the header it was given, a log at DEBUG, a defect of ours. Where such a text is made,
in this process, each secret that is known is replaced by `[secret]`.
"""

import functools
import logging
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

SHOWN = "[secret]"
#: A shorter one would take words out of texts that have nothing to do with it.
LEAST_LENGTH = 8

#: A process has some ten. One that is given others for ever forgets the oldest.
MOST_SECRETS = 100

_lock = threading.Lock()
_known: dict[str, tuple[str, ...]] = {}
_longest_first: tuple[str, ...] = ()


def keep_out(secrets: Iterable[str]) -> None:
    """Have these texts shown nowhere from now on, plain or as a URL has them.

    Args:
        secrets: texts under eight characters are left out; of more than `MOST_SECRETS` the newest
            are kept out.
    """
    global _longest_first
    with _lock:
        for secret in secrets:
            if len(secret) >= LEAST_LENGTH:
                _known.pop(secret, None)
                _known[secret] = _forms(secret)
        for oldest in list(_known)[:-MOST_SECRETS]:
            del _known[oldest]
        # The longest first: one secret may begin with another.
        every = {form for forms in _known.values() for form in forms}
        _longest_first = tuple(sorted(every, key=len, reverse=True))
        _install()


def _forms(secret: str) -> tuple[str, ...]:
    """A secret as it is, as `repr` quotes it, and as it stands in a path and in a query."""
    return (secret, repr(secret)[1:-1], quote(secret), quote(secret, safe=""), quote_plus(secret))


def redacted(text: str) -> str:
    """`text` without the secrets that are known."""
    for form in _longest_first:
        text = text.replace(form, SHOWN)
    return text


def _install() -> None:
    """Look through every text that is made of an error or for a log; once in a process."""
    tell = traceback.TracebackException.format_exception_only
    if getattr(tell, "is_redacting", False):
        return

    # Dagster's stored errors, logging and `traceback` all take an error's text from this method.
    @functools.wraps(tell)
    def told(self: traceback.TracebackException, *args: Any, **options: Any) -> Iterator[str]:  # noqa: ANN401 - as base
        for line in tell(self, *args, **options):
            yield redacted(line)

    told.is_redacting = True  # type: ignore[attr-defined]
    traceback.TracebackException.format_exception_only = told  # type: ignore[method-assign, assignment]

    make = logging.getLogRecordFactory()

    def made(*args: Any, **options: Any) -> logging.LogRecord:  # noqa: ANN401 - as base
        record = make(*args, **options)
        try:
            message = record.getMessage()
        except Exception:  # whatever a `__str__` raises: a call to log something raises nothing
            # As it is, the handler would print the arguments beside the error.
            record.msg, record.args = redacted(_unformatted(record)), ()
            return record
        shown = redacted(message)
        if shown != message:
            record.msg, record.args = shown, ()
        return record

    logging.setLogRecordFactory(made)
    # Python's own hooks print errors without `traceback`; a test's or a tool's are left alone.
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = traceback.print_exception
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _of_thread
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _unraisable


def _unformatted(record: logging.LogRecord) -> str:
    """What can be said of a record whose message cannot be made of its arguments."""
    return f"{_told(str, record.msg)} (its arguments do not fit: {_told(repr, record.args)})"


def _told(tell: Callable[[object], str], value: object) -> str:
    """`tell(value)`, or the name of its type where that raises, too."""
    try:
        return tell(value)
    except Exception:  # as above
        return f"<{type(value).__qualname__}>"


def _of_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is not SystemExit:
        name = args.thread.name if args.thread else "?"
        print(f"Exception in thread {name}:", file=sys.stderr)
        traceback.print_exception(args.exc_type, args.exc_value, args.exc_traceback)


def _unraisable(args: "sys.UnraisableHookArgs") -> None:
    said = args.err_msg or "Exception ignored in"
    print(f"{said}: {type(args.object).__qualname__}", file=sys.stderr)
    traceback.print_exception(args.exc_type, args.exc_value, args.exc_traceback)
