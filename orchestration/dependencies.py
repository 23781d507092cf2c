"""What the platform is installed with: licences that it may be passed on with, known weaknesses.

`python -m orchestration.dependencies` writes docs/licences.md; `… licences` checks, `… audit` asks
the package index for known vulnerabilities of what is locked.
"""

import importlib.metadata as installed
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from orchestration.settings import ROOT

PAGE = ROOT / "docs" / "licences.md"
LOCK = ROOT / "requirements.lock"
_TIMEOUT_S = 240
#: Licences that a distribution under Apache-2.0 may be accompanied by without more conditions.
ALLOWED = frozenset(
    {
        "0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT",
        "MIT-0", "PSF-2.0", "Zlib",
    }
)  # fmt: skip
_LGPL = "used as it is published, through its public interface, and can be replaced; not shipped"
_MPL = "files of its own under MPL stay as published; the rest may be under another licence"
#: Licences that ask for more, by package, and why they do no harm here.
ANSWERED = {
    "certifi": _MPL,
    "marisa-trie": "taken under BSD-2-Clause, one of the two that it is offered under",
    "orjson": _MPL,
    "psycopg2-binary": f"LGPL with exceptions; {_LGPL}; only with Dagster's storage on PostgreSQL",
    "publicsuffixlist": f"{_MPL}; the list itself is under MPL-2.0, too",
    "pycountry": f"{_LGPL}",
    "tqdm": _MPL,
}
#: What packages say in their files and not in their metadata.
STATED = {"pysimdjson": "MIT"}
#: Known vulnerabilities that do no harm here, by their id, and why.
ANSWERED_VULNERABILITIES: Mapping[str, str] = {}
_NAMES = {
    "apache 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd license": "BSD",
    "bsd 3-clause": "BSD-3-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "gnu library or lesser general public license (lgpl)": "LGPL",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
}
_INTRODUCTION = """\
# Licences of what is installed

Made by `python -m orchestration.dependencies` of the metadata of what `requirements.lock` installs
to run the platform, all extras included; `make check` and a test hold it to them. The platform is
under Apache-2.0 and ships none of these packages; what asks for more than being named is answered.

| package | licence | answer |
|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Licence:
    """A package's licence as it states it, in SPDX's words where it can be told."""

    package: str
    text: str

    @property
    def is_allowed(self) -> bool:
        """Whether all its parts are allowed; where there is a choice, one choice."""
        choices = re.split(r"\s+OR\s+", self.text) if "(" not in self.text else [self.text]
        return any(_parts(choice) <= ALLOWED for choice in choices if choice)

    @property
    def answer(self) -> str:
        """Why a licence that asks for more does no harm; empty for none."""
        return ANSWERED.get(self.package, "")


def _parts(text: str) -> set[str]:
    return {part.strip(" ()") for part in re.split(r"\s+(?:AND|OR)\s+", text)}


def licences() -> list[Licence]:
    """Of each package that the platform needs at run time, by name."""
    return [Licence(name, _stated(name)) for name in sorted(_runtime())]


def faults(found: Sequence[Licence]) -> list[str]:
    """Packages whose licence is neither allowed nor answered, in words."""
    return [
        f"{each.package}: {each.text or 'no licence stated'} is not in ALLOWED of "
        "orchestration/dependencies.py; look at it, and answer it there or drop the package"
        for each in found
        if not each.is_allowed and not each.answer
    ]


def render(found: Sequence[Licence]) -> str:
    """The page, in Markdown."""
    return _INTRODUCTION + "".join(
        f"| {each.package} | {each.text} | {each.answer} |\n" for each in found
    )


def _stated(name: str) -> str:
    metadata = installed.metadata(name).json
    if expression := metadata.get("license_expression"):
        return str(expression)
    if name in STATED:
        return STATED[name]
    classifiers = [
        each.rsplit(" :: ", 1)[-1]
        for each in metadata.get("classifier") or []
        if each.startswith("License :: ") and each != "License :: OSI Approved"
    ]
    texts = classifiers or str(metadata.get("license") or "").strip().splitlines()[:1]
    return " OR ".join(_NAMES.get(each.lower(), each) for each in texts)


def _runtime() -> set[str]:
    """Names of what the platform needs, and of what that needs, with all extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    texts = [*project["dependencies"], *(each for extra in extras for each in extra)]
    wanted = [Requirement(each) for each in texts]
    seen: set[tuple[str, frozenset[str]]] = set()
    while wanted:
        each = wanted.pop()
        key = (str(canonicalize_name(each.name)), frozenset(each.extras))
        if key not in seen:
            seen.add(key)
            wanted += _needs(each)
    return {name for name, _ in seen}


def _needs(requirement: Requirement) -> Iterator[Requirement]:
    for text in installed.requires(requirement.name) or []:
        each = Requirement(text)
        extras = ("", *requirement.extras)
        if each.marker is None or any(each.marker.evaluate({"extra": name}) for name in extras):
            yield each


def audit(command: Sequence[str] = ()) -> int:
    """Ask for known vulnerabilities, and say them; 1 where one is not answered.

    A package index that cannot be reached, or that knows nothing of vulnerabilities, is said to be
    so and is no failure: `make check` works without a network.

    Args:
        command: stands in for pip-audit.
    """
    ignored = [part for each in ANSWERED_VULNERABILITIES for part in ("--ignore-vuln", each)]
    asked = command or (
        sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--requirement",
        str(LOCK), "--format", "json", "--progress-spinner", "off", *ignored,
    )  # fmt: skip
    try:
        done = subprocess.run(  # noqa: S603 - no shell, our own arguments
            list(asked), capture_output=True, text=True, check=False, timeout=_TIMEOUT_S
        )
        found = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, json.JSONDecodeError, KeyError):
        print("audit: NOT DONE: the package index could not be reached", file=sys.stderr)
        return 0
    weak = [
        f"{each['name']} {each['version']}: {one['id']}, mended in "
        f"{', '.join(one['fix_versions']) or 'no version yet'}"
        for each in found
        for one in each.get("vulns", ())
    ]
    skipped = sum("skip_reason" in each for each in found)
    for line in weak:
        print(f"audit: {line}", file=sys.stderr)
    if skipped:
        print(
            f"audit: NOT DONE for {skipped} of {len(found)} packages: the package index here says "
            "nothing of their vulnerabilities",
            file=sys.stderr,
        )
    else:
        print(f"audit: {len(found)} packages, {len(weak)} known vulnerabilities not answered")
    return 1 if weak else 0


def main(arguments: Sequence[str]) -> int:
    """Write the page, or check."""
    if list(arguments) == ["audit"]:
        return audit()
    found = licences()
    if list(arguments) == ["licences"]:
        wrong = faults(found)
        print("\n".join(wrong) or f"licences: {len(found)} packages, all allowed or answered")
        return 1 if wrong else 0
    PAGE.write_text(render(found))
    print(PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
