"""Builds the compiled half of the scan, where there is a compiler; the set-up calls it.

`python -m assets.activity.scan_compile`. Nothing needs it: without a compiler, or where building
fails, this says so, and the scan of wheels alone does the same work in more time.
"""

import hashlib
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import simdjson

_SOURCE = Path(__file__).with_name("scan_compiled.cpp")
_ROOT = Path(__file__).resolve().parents[2]
_FLAGS = ("-O3", "-std=c++17", "-DNDEBUG", "-fPIC", "-shared")
_COMPILERS = ("c++", "g++", "clang++")
_MAX_SECONDS = 300


def library_path() -> Path:
    """Where the library is or would be: in the environment, named by all that it is made of.

    What was built of another source, parser or kind of machine has another name and is not loaded.
    """
    parts = (
        _SOURCE.read_bytes(),
        importlib.metadata.version("pysimdjson").encode(),
        " ".join(_FLAGS).encode(),
        f"{platform.system()} {platform.machine()}".encode(),
    )
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
    return Path(sys.prefix) / "lib" / f"observatory-scan-{digest}.so"


def build(path: Path) -> str:
    """Build the library, unless it is there; why it could not be, or nothing."""
    if path.exists():
        return ""
    compiler = next(filter(None, map(shutil.which, _compilers())), None)
    if compiler is None:
        return "no C++ compiler"
    # The parser's own source comes with its wheel: what is built has the version that is installed.
    parser = Path(simdjson.__file__).parent
    if not (parser / "simdjson.cpp").exists():
        return "the installed pysimdjson brings no source"
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    sources = [str(_SOURCE), str(parser / "simdjson.cpp")]
    command = [compiler, *_FLAGS, f"-I{parser}", *sources, "-o", str(unfinished)]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(  # noqa: S603 # the machine's compiler on our own source
            command, capture_output=True, text=True, timeout=_MAX_SECONDS, check=False
        )
        if done.returncode:
            return f"{compiler} failed: {done.stderr.strip()[-400:]}"
        # In a process of its own, which it may take down: what was built may not run here.
        trial = [sys.executable, "-m", "assets.activity.scan_compiled", str(unfinished)]
        done = subprocess.run(  # noqa: S603
            trial, cwd=_ROOT, capture_output=True, text=True, timeout=_MAX_SECONDS, check=False
        )
        if done.returncode:
            return f"what {compiler} made does not work: {done.stderr.strip()[-400:]}"
        unfinished.replace(path)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{type(error).__name__}: {error}"
    finally:
        unfinished.unlink(missing_ok=True)
    return ""


def _compilers() -> tuple[str, ...]:
    chosen = os.environ.get("CXX", "").strip()
    return (chosen, *_COMPILERS) if chosen else _COMPILERS


def main() -> int:
    """Build, and say which scan this machine has; never a failure of the set-up."""
    reason = build(library_path())
    print(f"archive scan: {f'without a compiled part ({reason})' if reason else 'compiled'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
