"""Runs atheris on one target: `python -m tests.fuzz.one TARGET [libFuzzer's own arguments]`."""

import resource
import sys

import atheris

from tests.fuzz.targets import TARGETS

#: Beyond what libFuzzer watches: an allocation that would pass it fails at once.
_ADDRESS_SPACE_BYTES = 6 << 30


def main(arguments: list[str]) -> None:
    """Fuzz until libFuzzer is done; it ends the process."""
    name, *options = arguments
    with atheris.instrument_imports(include=["assets", "resources", "orchestration"]):
        parse = TARGETS[name].load()
        # What is loaded with the first text is loaded now, and is no slow input's doing.
        parse(b"\0a")
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE_BYTES, _ADDRESS_SPACE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    atheris.Setup([sys.argv[0], *options], parse)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
