"""How the gazetteer read one text, as plain text for a terminal."""

from assets.attribution.gazetteer import FLOOR, Explanation

_MAX_SHOWN = 200  # characters of a text
_MAX_TOKEN = 60
_MAX_LINES = 20  # of what was ignored
_JOINERS = "\u200c\u200d"  # spell in Persian and Hindi


def render(explanation: Explanation) -> str:
    """Lines that state the text, the decision, the candidates and what was ignored.

    Control and invisible characters are escaped, so that a text can neither colour the terminal
    nor forge a line; long texts and lists are cut, and say so.
    """
    decision = explanation.decision
    lines = [f"text        {_shown(explanation.text, _MAX_SHOWN)}"]
    if decision:
        lines.append(
            f"decision    {decision.country_iso2}, confidence {decision.confidence:.2f}, "
            f"by {decision.rule} {_shown(decision.token, _MAX_TOKEN)}"
        )
    else:
        lines.append(f"decision    none: no country reaches the floor of {FLOOR:.2f}")
    header = "country  confidence  rule and token" if explanation.candidates else "none"
    lines.append(f"candidates  {header}")
    lines += [
        f"            {one.country_iso2:<9}{one.confidence:<12.3f}{one.rule} "
        f"{_shown(one.token, _MAX_TOKEN)}"
        for one in explanation.candidates
    ]
    if explanation.ignored:
        lines.append("ignored")
    lines += [
        f"            {_shown(part, _MAX_TOKEN)}: {reason}"
        for part, reason in explanation.ignored[:_MAX_LINES]
    ]
    if len(explanation.ignored) > _MAX_LINES:
        lines.append(f"            and {len(explanation.ignored) - _MAX_LINES} more")
    return "\n".join(lines) + "\n"


def _shown(text: str, most: int) -> str:
    """A text in quotes, without anything that a terminal would obey, and not too long."""
    shown = "".join(map(_escaped, text[:most]))
    return f'"{shown}…" ({len(text)} characters)' if len(text) > most else f'"{shown}"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    if letter.isprintable() or letter in _JOINERS:
        return letter
    return letter.encode("unicode_escape").decode("ascii")
