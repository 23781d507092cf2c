"""Notices made by hand, and any notice at all, for the tests of what messages look like."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from assets.alerting.message import Message
from assets.alerting.nearby import ContextEvent
from assets.alerting.notice import Course, Figure, Finding, Notice, Point, Stage, Unit

DAY = date(2024, 12, 15)
FINDING = Finding(
    subject="China, attention",
    measure="share of located accounts",
    unit=Unit.SHARE,
    period="2024-12-15 (UTC)",
    now=Figure(0.3126, 0.2876, 0.3384),
    before=Figure(0.2404, 0.2211, 0.2608),
    before_period="the 28 days to 2024-12-09 (UTC)",
    side="above",
    level=0.28,
    since=date(2024, 12, 10),
    basis="1,234 located accounts; 45.6 % of active accounts have no known country.",
)
#: 0.20 on 2024-12-01 and a point more each day; the 7th and the 8th have no figure, the 4th is not
#: sound.
COURSE = Course(
    title="China's share of attention passed 28 %",
    unit=Unit.SHARE,
    points=tuple(
        Point(
            date(2024, 12, day),
            None if day in (7, 8) else 0.19 + day / 100,
            None if day in (7, 8) else 0.17 + day / 100,
            None if day in (7, 8) else 0.21 + day / 100,
            is_sound=day != 4,
        )
        for day in range(1, 16)
    ),
    fire=0.28,
    clear=0.25,
    measure="share of located accounts",
)
FIRING = Notice(
    key="threshold:cn-high:2024-12-15:firing",
    thread="threshold:cn-high:2024-12-15:firing",
    kind="threshold",
    stage=Stage.FIRING,
    title="China's share of attention is high",
    day=DAY,
    findings=(FINDING,),
    remarks=("The share of the United States did not move.",),
    rule_ids=("cn-high",),
    asset=("mart", "engagement"),
    course=COURSE,
    anchor="engagement",
)
RESOLVED = replace(
    FIRING,
    key="threshold:cn-high:2024-12-22:resolved",
    stage=Stage.RESOLVED,
    day=date(2024, 12, 22),
    findings=(
        replace(
            FINDING,
            period="2024-12-22 (UTC)",
            now=Figure(0.2204, 0.2011, 0.2408),
            before=None,
            before_period="",
            side="below",
            level=0.25,
            since=None,
        ),
    ),
    remarks=(),
    course=None,
)
EVENTS = (
    ContextEvent(date(2024, 9, 19), "Qwen2.5 (CN, model release, released; model card, sourced)"),
    ContextEvent(
        date(2024, 12, 2),
        "FDP rule additions (US, export control, announced; Federal Register, sourced)",
    ),
    ContextEvent(date(2024, 12, 26), "DeepSeek-V3 (CN, model release, released; model card)"),
)


def text_objects(blocks: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The text objects of all blocks, in the order in which they are read."""
    found: list[Mapping[str, Any]] = []
    for block in blocks:
        found += [block["text"]] if "text" in block else []
        found += [*block.get("fields", ()), *block.get("elements", ())]
    return found


def words(message: Message) -> str:
    """All that is read in a message's blocks."""
    return "\n".join(each["text"] for each in text_objects(message.blocks))


#: Text that Slack, or a reader's eye, could take for more than text.
_TRAPS = st.sampled_from(
    [
        "<!channel>",
        "<!here|x>",
        "<@U123>",
        "<#C123>",
        "<https://evil.example|click>",
        "https://evil.example",
        "*bold*",
        "_italic_",
        "~struck~",
        "```code```",
        "`code`",
        ":tada:",
        "> quote",
        "a\nb",
        "\r\n",
        "\u202eevil\u202c",
        "\u2066x",
        "שלום 12 %",
        "&amp;",
        "\U0001f600" * 5,
        "&" * 40,
        "",
        " ",
        "\x00",
        "\ud800",
    ]
)
TEXTS = st.one_of(
    st.text(max_size=30),
    _TRAPS,
    st.lists(_TRAPS, max_size=6).map(" ".join),
    st.tuples(st.text("<>&*_` \U0001f600aא", min_size=1, max_size=6), st.integers(1, 2_500)).map(
        lambda pair: pair[0] * pair[1]
    ),
)
_DAYS = st.one_of(
    st.integers(0, 900).map(lambda days: date(2022, 7, 1) + timedelta(days=days)), st.dates()
)
_NUMBERS = st.one_of(st.floats(0, 1), st.floats(-100, 100), st.integers(0, 10**9), st.floats())
_BOUNDS = st.none() | _NUMBERS
_FIGURES = st.builds(Figure, _NUMBERS, _BOUNDS, _BOUNDS)
FINDINGS = st.builds(
    Finding,
    subject=TEXTS,
    measure=TEXTS,
    unit=st.sampled_from(Unit),
    period=TEXTS,
    now=_FIGURES,
    before=st.none() | _FIGURES,
    before_period=TEXTS,
    side=st.sampled_from(["", "above", "below"]) | TEXTS,
    level=_BOUNDS,
    since=st.none() | _DAYS,
    basis=TEXTS,
    soundness=st.sampled_from(["sound", "corrected", "degraded", "unknown"]) | TEXTS,
)
COURSES = st.builds(
    Course,
    title=TEXTS,
    unit=st.sampled_from(Unit),
    points=st.lists(
        st.builds(Point, _DAYS, _BOUNDS, _BOUNDS, _BOUNDS, st.booleans()), max_size=30
    ).map(tuple),
    fire=_BOUNDS,
    clear=_BOUNDS,
    measure=TEXTS,
)
CONTEXT = st.lists(st.builds(ContextEvent, _DAYS, TEXTS), max_size=5)


@st.composite
def notices(draw: st.DrawFn) -> Notice:
    """Any notice: of no finding or hundreds, with any texts and numbers."""
    findings = draw(st.lists(FINDINGS, max_size=4)) * draw(st.sampled_from([1, 1, 1, 8, 100]))
    remarks = draw(st.lists(TEXTS, max_size=4)) * draw(st.sampled_from([1, 1, 1, 8, 100]))
    return Notice(
        key=draw(TEXTS),
        thread=draw(TEXTS),
        kind=draw(st.sampled_from(["threshold", "gap", "upstream", "digest"])),
        stage=draw(st.sampled_from(Stage)),
        title=draw(TEXTS),
        day=draw(_DAYS),
        findings=tuple(findings),
        remarks=tuple(remarks),
        rule_ids=tuple(draw(st.lists(TEXTS, max_size=15))),
        asset=draw(st.none() | st.tuples(TEXTS, TEXTS)),
        course=draw(st.none() | COURSES),
        anchor=draw(TEXTS),
    )
