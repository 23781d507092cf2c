"""A secret that is known stands in no text that is made of an error or for a log."""

import logging
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import requests

from resources import redaction
from resources.redaction import LEAST_LENGTH, MOST_SECRETS, SHOWN, keep_out, redacted
from tests.conftest import ROOT

TOKEN = "tok+en/of=a test&'long\"enough"  # noqa: S105
keep_out([TOKEN])


@pytest.mark.parametrize("form", [str, quote, quote_plus, lambda text: quote(text, safe=""), repr])
def test_a_secret_is_taken_out_as_it_is_and_as_a_url_or_a_repr_has_it(
    form: Callable[[str], str],
) -> None:
    shown = redacted(f"before {form(TOKEN)} behind")
    assert SHOWN in shown
    assert shown.startswith("before ")
    assert shown.endswith(" behind")
    assert form(TOKEN).strip("'") not in shown


def test_what_is_no_secret_stays_and_words_are_none() -> None:
    keep_out(["word"])
    assert len("word") < LEAST_LENGTH
    assert redacted("a word of tok+en") == "a word of tok+en"


def test_an_error_of_a_library_that_quotes_a_header_shows_no_secret() -> None:
    """Requests quotes a header that it refuses: a token with a line break in it, say."""
    session = requests.Session()
    with pytest.raises(requests.RequestException) as raised:
        session.get("http://127.0.0.1:1/", headers={"Authorization": f"Bearer {TOKEN}\nx"})
    assert redacted(str(raised.value)) != str(raised.value)  # it does quote it
    text = "".join(traceback.format_exception(raised.value))
    assert "Bearer [secret]" in text


def test_causes_contexts_groups_and_notes_show_no_secret() -> None:
    try:
        try:
            raise KeyError(TOKEN)
        except KeyError:
            raise ExceptionGroup("several", [ValueError(TOKEN), OSError(2, TOKEN)]) from None
    except ExceptionGroup as error:
        error.add_note(f"noted {TOKEN}")
        try:
            raise RuntimeError(TOKEN) from error
        except RuntimeError as last:
            text = "".join(traceback.format_exception(last))
    assert text.count(SHOWN) == 4
    assert "tok+en" not in text


def test_a_log_shows_no_secret_in_message_arguments_or_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = logging.getLogger("of a stranger")
    with caplog.at_level(logging.DEBUG):
        log.debug("GET %s", f"/path?key={quote_plus(TOKEN)}")
        log.info(f"with {TOKEN}")  # the message itself
        try:
            raise ValueError(TOKEN)
        except ValueError:
            log.exception("failed")
    assert caplog.text.count(SHOWN) == 3
    assert "tok" not in caplog.text.replace("token", "")


class Odd:
    """What says nothing of itself but an error, of a kind that formatting does not raise itself."""

    def __str__(self) -> str:
        raise AttributeError(TOKEN)

    __repr__ = __str__


@pytest.mark.parametrize(
    ("message", "arguments", "shown"),
    [
        ("no place", (TOKEN,), "no place (its arguments do not fit: ('[secret]',))"),
        ("%d", (TOKEN,), "%d (its arguments do not fit: ('[secret]',))"),
        ("%(a)s", ({"b": TOKEN},), "%(a)s (its arguments do not fit: {'b': '[secret]'})"),
        (f"%s {TOKEN}", (Odd(),), "%s [secret] (its arguments do not fit: <tuple>)"),
        (Odd(), (), "<Odd> (its arguments do not fit: ())"),
    ],
    ids=["too many", "of another type", "of another name", "that raise", "no message"],
)
def test_a_log_call_that_does_not_fit_raises_nothing_and_shows_no_secret(
    message: object, arguments: tuple[object, ...], shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Logging's own handler prints a message and its arguments where they do not fit."""
    log = logging.Logger("of a stranger")
    log.addHandler(logging.StreamHandler())  # to stderr as it is now
    log.warning(message, *arguments)
    said = capsys.readouterr().err
    assert said == f"{shown}\n"
    assert "tok+en" not in said


CRASHES = {
    "main": "raise RuntimeError(TOKEN)",
    "thread": "threading.Thread(target=lambda: 1 / int(TOKEN)).start()",
    "finaliser": "class Odd:\n  def __del__(self): raise RuntimeError(TOKEN)\nOdd()",
}


@pytest.mark.parametrize("kind", CRASHES)
def test_what_a_crash_prints_shows_no_secret(kind: str, tmp_path: Path) -> None:
    program = tmp_path / "crash.py"
    program.write_text(
        "import sys, threading\n"
        "from resources.redaction import keep_out\n"
        "TOKEN = sys.argv[1]\n"
        f"keep_out([TOKEN])\n{CRASHES[kind]}\n"
    )
    done = subprocess.run(
        [sys.executable, program, TOKEN],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert SHOWN in said
    assert "tok+en" not in said


def test_a_process_that_is_given_secrets_for_ever_keeps_the_newest_out() -> None:
    before = len(redaction._longest_first)
    keep_out(f"secret-{number:06}" for number in range(10 * MOST_SECRETS))
    keep_out([TOKEN])
    newest = f"secret-{10 * MOST_SECRETS - 1:06}"
    assert redacted(f"{TOKEN} {newest} secret-000000") == f"{SHOWN} {SHOWN} secret-000000"
    assert len(redaction._longest_first) <= before + 5 * MOST_SECRETS
