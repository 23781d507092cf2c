"""The mention matcher: accuracy on labelled texts, and speed against plain passes over the same.

Accuracy is measured on the sentences of the tests, by the part they were written in, and on the
hand-annotated papers where the folder of real files holds them, by half. Speed is measured on one
core, medians of seven runs: on a real patent grant and on this repository's own prose, which name
no models or few, on false friends sentence by sentence, on abstracts dense with names, and on
hostile texts of one word. Beside each stand the same bytes through `str.count` of one name, and
through one regular expression of all aliases (on a small share, for it takes minutes).
"""

import csv
import hashlib
import os
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from assets.diffusion.matcher import Matcher
from assets.diffusion.mention import Role, Section
from assets.reference.loader import load_reference
from assets.reference.model import ModelFamily

_ROOT = Path(__file__).resolve().parent.parent
_REAL = _ROOT / os.environ.get("OBSERVATORY_REAL_DATA", "../shared/data")
_SENTENCES = _ROOT / "tests" / "assets" / "diffusion" / "labelled_sentences.csv"
_RUNS = 7
_BYTES = 8_000_000
_REGEX_CHARACTERS = 100_000
_HOSTILE = ("Qwen ", "Yi ", "Step 3 ", "Claude, ", "LLM(", "百川", "a-\nb", "(")
_WEIGHT = {Role.USED: 3, Role.COMPARED: 2, Role.MENTIONED: 1, Role.CITED: 0}
# As the annotators' sheets call the models, and as a title or an abstract may write them.
_NAMED = {
    "GPT-2": ("gpt-2", r"gpt\W?2"),
    "Llama-2": ("llama", "llama"),
    "Llama-3": ("llama", "llama"),
    "Mistral": ("mistral", "mistral|mixtral"),
    "Qwen": ("qwen", "qwen"),
    "Qwen-1.5": ("qwen", "qwen"),
    "Falcon": ("falcon", "falcon"),
    "Phi-3": ("phi", r"\bphi\b|\bphi\W?\d"),
    "GPT-4": ("gpt", r"gpt\W?4"),
    "Claude-3": ("claude", "claude"),
}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _roles(matcher: Matcher, row: dict[str, str]) -> dict[str, Role]:
    found: dict[str, Role] = {}
    for mention in matcher.find(row["text"], Section(row["section"])):
        known = found.get(mention.family)
        if known is None or _WEIGHT[mention.role] > _WEIGHT[known]:
            found[mention.family] = mention.role
    return found


def sentences(matcher: Matcher) -> None:
    """Print precision, recall and agreement of roles by part."""
    counts: dict[str, Counter[str]] = {}
    for row in _rows(_SENTENCES):
        count = counts.setdefault(row["part"], Counter())
        expected = dict(each.split(":") for each in row["expected"].split("|") if each)
        found = _roles(matcher, row)
        count["false friends" if not expected else "naming"] += 1
        count["taken"] += bool(found) and not expected
        for family in found.keys() | expected.keys():
            hit = family in found and family in expected
            count["hit" if hit else "wrong" if family in found else "missed"] += 1
            count["role"] += hit and found[family] == expected[family]
    print(f"{'sentences':<12}{'naming':>8}{'friends':>9}{'taken':>7}{'precision':>11}{'recall':>9}")
    for part, count in counts.items():
        precision = count["hit"] / (count["hit"] + count["wrong"])
        recall = count["hit"] / (count["hit"] + count["missed"])
        print(
            f"{part:<12}{count['naming']:>8}{count['false friends']:>9}{count['taken']:>7}"
            f"{precision:>11.1%}{recall:>9.1%}   roles {count['role'] / count['hit']:.1%}"
        )


def papers(matcher: Matcher) -> None:
    """Print recall on annotated papers that name their model, by half."""
    path = _REAL / "papers" / "annotated_model_use.csv"
    if not path.exists():
        print(f"no annotated papers at {path}")
        return
    named: Counter[int] = Counter()
    found: Counter[int] = Counter()
    for row in _rows(path):
        family, pattern = _NAMED.get(row["sheet_model"], ("", "(?!)"))
        texts = {Section.TITLE: row["title"], Section.ABSTRACT: row["abstract"]}
        if not re.search(pattern, "\n".join(texts.values()), re.IGNORECASE):
            continue
        half = hashlib.sha256(row["merged_id"].encode()).digest()[0] % 2
        named[half] += 1
        found[half] += any(
            mention.family == family
            for section, text in texts.items()
            for mention in matcher.find(text, section)
        )
    for half, name in enumerate(("tuning", "validation")):
        print(f"annotated papers, {name} half: {found[half]} of {named[half]} found")


def _seconds(work: Callable[[], object]) -> float:
    """Median processor time of a piece of work."""
    times = []
    for _ in range(_RUNS):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return statistics.median(times)


def _filled(texts: Iterable[str]) -> list[str]:
    """Texts repeated until they have enough bytes."""
    once = [text for text in texts if text]
    size = sum(len(text.encode()) for text in once)
    return once * (_BYTES // size + 1)


def _corpora() -> dict[str, list[str]]:
    labelled = _rows(_SENTENCES)
    friends = [row["text"] for row in labelled if not row["expected"]]
    prose = [path.read_text(encoding="utf-8") for path in sorted(_ROOT.glob("docs/**/*.md"))]
    found = {
        "this project's docs": _filled(prose),
        "false friends, each alone": _filled(friends),
    }
    grant = _REAL / "patents" / "US11646472B2.grant.xml"
    if grant.exists():
        text = re.sub("<[^>]+>", " ", grant.read_text(encoding="utf-8"))
        found = {"a patent grant": _filled([text]), **found}
    papers_file = _REAL / "papers" / "annotated_model_use.csv"
    if papers_file.exists():
        found["abstracts on LLMs"] = _filled(row["abstract"] for row in _rows(papers_file))
    return found


def speed(matcher: Matcher, families: Sequence[ModelFamily]) -> None:
    """Print the rate on each text, and the ratio to plain passes."""
    aliases = sorted((a for f in families for a in f.aliases), key=len, reverse=True)
    alternation = re.compile("|".join(map(re.escape, aliases)), re.IGNORECASE)
    print(
        f"\n{'text':<26}{'MB':>6}{'MB/s':>8}{'x str.count':>13}{'regex MB/s':>12}"
        f"{'mentions/MB':>13}"
    )
    for name, texts in _corpora().items():
        size = sum(len(text.encode()) for text in texts) / 1e6
        ours = _seconds(lambda texts=texts: [matcher.find(text) for text in texts])  # type: ignore[misc]
        count = _seconds(lambda texts=texts: [text.count("Qwen") for text in texts])  # type: ignore[misc]
        share = "\n".join(texts)[:_REGEX_CHARACTERS]
        began = time.process_time()
        alternation.findall(share)
        regex = len(share.encode()) / 1e6 / (time.process_time() - began)
        mentions = sum(len(matcher.find(text)) for text in texts)
        print(
            f"{name:<26}{size:>6.1f}{size / ours:>8.1f}{ours / count:>13.1f}{regex:>12.2f}"
            f"{mentions / size:>13.0f}"
        )
    print(f"\n{'one word again and again':<26}{'MB/s':>7}{'time of twice as much':>24}")
    for unit in _HOSTILE:
        text = unit * (400_000 // len(unit))
        once = _seconds(lambda text=text: matcher.find(text))  # type: ignore[misc]
        twice = _seconds(lambda text=text: matcher.find(text * 2))  # type: ignore[misc]
        rate = len(text.encode()) / 1e6 / once
        print(f"{unit!r:<26}{rate:>7.1f}{twice / once:>23.1f}x")


def main() -> None:
    """Print accuracy and speed."""
    families = load_reference(_ROOT / "assets" / "reference").model_families
    began = time.process_time()
    matcher = Matcher.of(families)
    count = sum(len(family.aliases) for family in families)
    print(f"{count} aliases compiled in {time.process_time() - began:.2f} s")
    sentences(matcher)
    papers(matcher)
    speed(matcher, families)


if __name__ == "__main__":
    main()
