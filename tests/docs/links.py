"""What a Markdown page points to: headings, links, commands, settings; and which lead nowhere.

Anchors are made as GitHub makes them. Addresses of other hosts are checked for form alone.
"""

import importlib.util
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from orchestration.settings import NAMES, ROOT, SECRET_NAMES

#: Variables that no settings object reads: they choose what the tests do.
_OF_TESTS = {"OBSERVATORY_REAL_DATA"}
_FENCE = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+(?:\n[^`\n]+)?)`")
_LINK = re.compile(r"\]\(\s*<?([^()\s>]+(?:\([^()\s]*\)[^()\s>]*)?)>?(?:\s+\"[^\"]*\")?\s*\)")
_REFERENCE = re.compile(r"^\[[^\]]+\]:\s+(\S+)", re.MULTILINE)


def faults(page: Path, root: Path = ROOT) -> list[str]:
    """What on a page leads nowhere, in words; empty where all of it is there.

    Args:
        page: a Markdown file below `root`.
        root: the repository's; links may not lead out of it.
    """
    text = page.read_text()
    found = [fault for each in links(text) if (fault := _link_fault(page, each, root))]
    code = commands(text)
    for target, variables in make_commands(code):
        known = make_targets(root).get(target)
        if known is None:
            found.append(f"make {target}: no such target")
            continue
        found += [f"make {target} {name}=: not read" for name in variables if name not in known]
    found += [
        f"python -m {module}: no such module"
        for module in re.findall(r"python -m ((?:orchestration|assets|benchmarks)[\w.]*)", code)
        if importlib.util.find_spec(module) is None
    ]
    known_settings = {*NAMES, *_OF_TESTS, *(f"{name}_FILE" for name in SECRET_NAMES)}
    named = set(re.findall(r"OBSERVATORY_[A-Z_]*[A-Z]", text))
    found += [f"{name}: no such setting" for name in sorted(named - known_settings)]
    return found


def links(text: str) -> list[str]:
    """Targets of links and pictures, those in code left out."""
    prose = _SPAN.sub("``", _FENCE.sub("", text))
    return [*_LINK.findall(prose), *_REFERENCE.findall(prose)]


def anchors(text: str) -> set[str]:
    """Anchors of a page's headings; the second of a name ends in `-1`, the third in `-2`."""
    found: dict[str, int] = {}
    for heading in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", _FENCE.sub("", text), re.MULTILINE):
        shown = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        number = found.get(name)
        found[name] = 0 if number is None else number + 1
        if number is not None:
            found.setdefault(f"{name}-{number + 1}", 0)
    given = re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text)
    return {*found, *given}


def commands(text: str) -> str:
    """All code of a page, blocks and spans, one after the other."""
    blocks = [match.group(0) for match in _FENCE.finditer(text)]
    spans = _SPAN.findall(_FENCE.sub("", text))
    return "\n".join([*blocks, *(span.replace("\n", " ") for span in spans)])


def make_commands(code: str) -> list[tuple[str, list[str]]]:
    """Targets of `make` that code names, each with the variables that it is given."""
    # Where a command begins: `apt install … make` is none.
    begin = r"(?:^\s*|&& |; |sudo -u \S+ |[A-Z_]+=\S+ )"
    call = r"make ((?:[A-Z_]+=\S+ )*)([a-z][a-z-]*)((?: [A-Z_]+=\S*)*)"
    found = re.findall(begin + call, code, re.MULTILINE)
    return [
        (target, [name for name in re.findall(r"([A-Z_]+)=", before + after) if name != "PYTHON"])
        for before, target, after in found
    ]


@cache
def make_targets(root: Path) -> dict[str, set[str]]:
    """The Makefile's targets, each with the variables that its recipe reads."""
    text = (root / "Makefile").read_text()
    found = re.findall(r"^([a-z-]+):(?!=)[^\n]*\n((?:\t[^\n]*\n)*)", text, re.MULTILINE)
    return {
        name: {one or other for one, other in re.findall(r"\$\(([A-Z_]+)\)|\$\$([A-Z_]+)", recipe)}
        for name, recipe in found
    }


def _link_fault(page: Path, target: str, root: Path) -> str:
    address = urlsplit(target)
    if address.scheme:
        is_formed = address.scheme in ("http", "https") and "." in (address.hostname or "")
        return "" if is_formed else f"{target}: no http or https address"
    path = (page.parent / unquote(address.path)).resolve() if address.path else page
    if not path.is_relative_to(root.resolve()) and path != page:
        return f"{target}: leads out of the repository"
    if not path.exists():
        return f"{target}: no such file"
    is_page = bool(address.fragment) and path.suffix == ".md"
    if is_page and unquote(address.fragment) not in anchors(path.read_text()):
        return f"{target}: no such heading"
    return ""
