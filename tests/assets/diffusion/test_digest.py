"""What tells mentions of two rule sets apart."""

import hashlib
from pathlib import Path

from assets.diffusion.digest import rules_digest
from assets.patents.rows import families_digest
from assets.reference.model import ModelFamily

FOLDER = Path(__file__).parents[3] / "assets" / "diffusion"


def test_every_module_and_word_list_of_the_matcher_counts() -> None:
    files = {path.name: path for path in FOLDER.iterdir() if path.is_file()}
    assert {"roles.py", "role_cues.csv", "context_terms.csv", "matcher.py"} <= set(files)
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + files[name].read_bytes())
    assert rules_digest() == digest.hexdigest()


def test_what_patents_are_searched_for_holds_the_rules_and_the_names(
    families: tuple[ModelFamily, ...],
) -> None:
    assert families_digest(families) == families_digest(families[::-1])
    assert families_digest(families) != families_digest(families[1:])
    assert families_digest(()) != hashlib.sha256(b"").hexdigest()
