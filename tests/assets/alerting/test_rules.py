"""The rules file: what ships loads, and each fault of an edited one is named."""

import re
from datetime import date
from pathlib import Path

import pytest

from assets.alerting import rules
from assets.alerting.rule_kinds import LevelRule, Rule, StaleRule, ThresholdRule
from assets.alerting.rules import Rules, RulesError, load_rules
from assets.alerting.states import Patience

SHIPPED = Path(rules.__file__).with_name("rules.yaml")
VALID = """\
rules:
  - id: cn-attention-high
    kind: threshold
    title: China's share of attention is high
    country: CN
    event_group: attention
    direction: above
    fire: 0.28
    clear: 0.25
    min_located_actors: 100
"""


def fault_of(path: Path, content: str) -> str:
    """What the loader says about a file."""
    path.write_text(content, encoding="utf-8")
    with pytest.raises(RulesError) as caught:
        load_rules(path)
    return str(caught.value)


def edited(old: str, new: str) -> str:
    assert VALID.count(old) == 1, f"{old!r} must stand once in the file"
    return VALID.replace(old, new)


def test_the_shipped_rules_load() -> None:
    shipped = load_rules(SHIPPED)
    kinds = {rule.kind for rule in shipped.rules}
    assert kinds == {member.model_fields["kind"].annotation.__args__[0] for member in Rule.__args__}
    assert shipped.silences == ()
    for group in ("attention", "contribution"):
        named = [rule.id for rule in shipped.rules if f"-{group}-" in rule.id]
        assert {f"cn-{group}-share-high", f"us-{group}-share-low", f"cn-us-{group}-crossover"} <= {
            *named
        }
    (high,) = [r for r in shipped.of_kind(ThresholdRule) if r.id == "cn-attention-share-high"]
    assert (high.fire_after, high.clear_after) == (Patience(2, 3), Patience(5, 7))


GAP = """\
rules:
  - {id: gap-high, kind: gap, title: a gap that is high, user_kind: us_all, basis: filing,
     direction: above, fire: 10, clear: 5, min_works: 30, min_patents: 30}
"""


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("clear: 5", "clear: 11", "rules.0: Value error, clear must not exceed fire"),
        ("direction: above", "direction: below", "rules.0: Value error, clear must not be under"),
        ("fire: 10", "fire: 100", "rules.0.fire: Input should be less than 100"),
        ("us_all", "us_government", "rules.0.user_kind: Input should be 'us_company'"),
        ("basis: filing", "basis: grant", "rules.0.basis: Input should be 'filing'"),
        ("min_works: 30", "min_works: 0", "rules.0.min_works: Input should be greater than"),
    ],
)
def test_a_fault_of_a_gap_rule_is_named(tmp_path: Path, old: str, new: str, fault: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(GAP, encoding="utf-8")
    assert load_rules(path).rules[0].kind == "gap"
    path.write_text(GAP.replace(old, new), encoding="utf-8")
    with pytest.raises(RulesError, match=re.escape(fault)):
        load_rules(path)


def test_a_rule_is_read_as_written(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(VALID, encoding="utf-8")
    assert load_rules(path).rules == (
        ThresholdRule(
            id="cn-attention-high",
            kind="threshold",
            title="China's share of attention is high",
            country="CN",
            event_group="attention",
            direction="above",
            fire=0.28,
            clear=0.25,
            min_located_actors=100,
        ),
    )


def test_a_file_may_hold_no_rule(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("rules: []\n", encoding="utf-8")
    assert load_rules(path) == Rules(())


@pytest.mark.parametrize(("fire", "clear"), [("0.10", "0.12"), ("0.10", "0.10")])
def test_a_rule_of_direction_below_clears_at_or_above_its_fire(
    tmp_path: Path, fire: str, clear: str
) -> None:
    path = tmp_path / "rules.yaml"
    content = edited("direction: above", "direction: below")
    content = content.replace("fire: 0.28", f"fire: {fire}").replace("0.25", clear)
    path.write_text(content, encoding="utf-8")
    (rule,) = load_rules(path).of_kind(ThresholdRule)
    assert rule.direction == "below"


@pytest.mark.parametrize(
    ("old", "new", "place", "complaint"),
    [
        ("id: cn-attention-high", "id: CN high!", "rules.0.id", "pattern"),
        ("id: cn-attention-high", "id: cn", "rules.0.id", "pattern"),
        ("kind: threshold", "kind: crossing", "rules.0:", "'threshold'"),
        ("title: China's share of attention is high", "title: high", "rules.0.title", "10"),
        ("title: China's share", f"title: {'x' * 140}", "rules.0.title", "140"),
        ("country: CN", "country: China", "rules.0.country", "pattern"),
        # YAML reads Norway's code as the boolean false.
        ("country: CN", "country: NO", "rules.0.country", "string"),
        ("event_group: attention", "event_group: stars", "rules.0.event_group", "'attention'"),
        ("direction: above", "direction: up", "rules.0.direction", "'above' or 'below'"),
        ("fire: 0.28", "fire: 28", "rules.0.fire", "less than 1"),
        ("fire: 0.28", "fire: .nan", "rules.0.fire", "less than 1"),
        ("fire: 0.28", "fire: much", "rules.0.fire", "number"),
        ("clear: 0.25", "clear: 0", "rules.0.clear", "greater than 0"),
        ("clear: 0.25", "clear: 0.29", "rules.0", "clear must not exceed fire"),
        ("direction: above", "direction: below", "rules.0", "clear must not be under fire"),
        ("min_located_actors: 100", "min_located_actors: 0", "min_located_actors", "1"),
        ("min_located_actors: 100", "min_actors: 100", "rules.0.min_actors", "not permitted"),
        ("    fire: 0.28\n", "", "rules.0.fire", "required"),
        ("rules:", "rule:", "rules", "required"),
        ("clear: 0.25", "clear: 0.25\n    fire_after: 4 of 3", "rules.0.fire_after", "N is 1 to M"),
        ("clear: 0.25", "clear: 0.25\n    clear_after: 2", "rules.0.clear_after", "N of M"),
        ("clear: 0.25", "clear: 0.25\n    period: month", "rules.0.period", "'day' or 'week'"),
        ("clear: 0.25", "clear: 0.25\n    cool_down_days: -1", "cool_down_days", "0"),
    ],
)
def test_a_fault_is_named_with_its_place(
    tmp_path: Path, old: str, new: str, place: str, complaint: str
) -> None:
    fault = fault_of(tmp_path / "rules.yaml", edited(old, new))
    lines = [line for line in fault.splitlines() if place in line]
    assert lines, fault
    assert all(line.startswith("rules.yaml: ") for line in fault.splitlines())
    assert any(complaint in line for line in lines), fault


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    content = edited("country: CN", "country: cn").replace("fire: 0.28", "fire: 28")
    fault = fault_of(tmp_path / "rules.yaml", content)
    assert "rules.0.country" in fault
    assert "rules.0.fire" in fault


@pytest.mark.parametrize("content", ["", "- id: x\n", "rules: many\n", "rules:\n  - just text\n"])
def test_a_file_of_another_form_is_refused(tmp_path: Path, content: str) -> None:
    assert fault_of(tmp_path / "rules.yaml", content).startswith("rules.yaml: ")


def test_what_is_no_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    assert "line 2" in fault_of(tmp_path / "rules.yaml", "rules:\n  - {id: [")


def test_what_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(b"rules: \xff\n")
    with pytest.raises(RulesError, match=r"rules\.yaml: .*utf-8"):
        load_rules(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match=r"absent\.yaml"):
        load_rules(tmp_path / "absent.yaml")


def test_an_id_stands_once(tmp_path: Path) -> None:
    fault = fault_of(tmp_path / "rules.yaml", VALID + VALID.removeprefix("rules:\n"))
    assert fault == "rules.yaml: rules: id used twice: cn-attention-high"


SILENCE = """\
silences:
  - {rules: [cn-*], first: 2025-01-28, last: 2025-02-04, reason: Spring Festival}
"""


def test_a_silence_covers_the_rules_that_its_patterns_name_on_its_days(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(VALID + SILENCE, encoding="utf-8")
    rules = load_rules(path)
    days = [date(2025, 1, 27), date(2025, 1, 28), date(2025, 2, 4), date(2025, 2, 5)]
    silent = [rules.is_silent("cn-attention-high", day) for day in days]
    assert silent == [False, True, True, False]
    assert not rules.is_silent("us-attention-high", days[1])


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("[cn-*]", "[us-*]", "silences.0.rules: us-* names no rule"),
        ("[cn-*]", "[]", "silences.0.rules: Tuple should have at least 1 item"),
        ("last: 2025-02-04", "last: 2025-01-04", "silences.0: Value error, last must not be"),
        ("first: 2025-01-28", "first: soon", "silences.0.first: Input should be a valid date"),
        ("Spring Festival", "x", "silences.0.reason: String should have at least 5"),
    ],
)
def test_a_fault_of_a_silence_is_named(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert fault in fault_of(tmp_path / "rules.yaml", VALID + SILENCE.replace(old, new))


def test_a_stale_rule_names_tables_whose_days_are_known(tmp_path: Path) -> None:
    rule = "rules:\n  - {id: stale, kind: stale, title: tables are old, max_days: {%s: 2}}\n"
    path = tmp_path / "rules.yaml"
    path.write_text(rule % "mart.engagement", encoding="utf-8")
    assert load_rules(path).of_kind(StaleRule)[0].max_days == {"mart.engagement": 2}
    assert "these are: core.coverage, " in fault_of(path, rule % "mart.nothing")


def test_rules_of_every_kind_have_all_that_is_documented() -> None:
    """What the head of the shipped file says of kinds is what there is."""
    head = SHIPPED.read_text(encoding="utf-8").partition("\nrules:")[0]
    for member in Rule.__args__:
        assert member.model_fields["kind"].annotation.__args__[0] in head
    for name in ("fire_after", "clear_after", "cool_down_days", "remind_days"):
        assert name in LevelRule.model_fields
        assert name in head
