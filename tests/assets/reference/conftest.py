"""A small valid set of reference files to break."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from assets.reference.loader import Fault, ReferenceDataError, load_reference

REPOSITORIES = "tracked_repositories.csv"
FAMILIES = "model_families.csv"
AUTHORS = "hub_authors.csv"
ECONOMIES = "economies.csv"
EVENTS = "policy_events.csv"
BREAKS = "upstream_breaks.csv"
GROUPINGS = "country_groupings.csv"
AMBIGUOUS = "ambiguous_aliases.csv"

FILES = {
    REPOSITORIES: (
        "github_id,repository,previous_names,family,layer,developer,developer_country\n"
        "1,acme/model,old-acme/model|acme/model-1,acme-lm,model,Acme,CN\n"
        ",beta/tool,,,inference,beta,\n"
    ),
    FAMILIES: (
        "family,name,aliases,developer,country_iso2,released_on,is_open\n"
        "acme-lm,Acme LM,Acme LM|艾克米,Acme,CN,2023-08-03,true\n"
        "beta-lm,Beta LM,BetaLM,Beta,US,2024-02-29,false\n"
    ),
    AUTHORS: (
        "author,country_iso2,family,models\n"
        "acme-ai,CN,acme-lm,acme-*|lm?\n"
        "acme-labs,CN,acme-lm,\n"
        "tuners,US,,\n"
    ),
    ECONOMIES: (
        "iso2,iso3,name,population,population_source\n"
        "CN,CHN,China,1411778724,GeoNames\n"
        "US,USA,United States,327167434,GeoNames\n"
    ),
    EVENTS: (
        "date,date_kind,actor,kind,stance,name,paper_shock,certainty,source\n"
        '2022-10-07,announced,US,export_control,tighten,"Controls, advanced",true,sourced,FR\n'
        "2025-01-20,released,CN,model_release,release,A model,false,month only,card\n"
    ),
    BREAKS: (
        "from_utc,to_utc,source,affects,effect,what\n"
        "2018-10-21T23,2018-10-22T01,gharchive,all,loss,hours missing\n"
        "2026-02-01T00,,gharchive,WatchEvent,loss,stars fall\n"
    ),
    GROUPINGS: (
        "grouping,country_iso2,group_code,label\ntwo_as_one,CN,CN,Both\ntwo_as_one,US,CN,Both\n"
    ),
    AMBIGUOUS: (
        "alias,kind,points,decisive,makers,not_after,not_before,against,otherwise\n"
        "Acme LM,word,3,ACME LM,Acme|Acme Labs,,anvil,cartoon|coyote,a summit\n"
    ),
}


@dataclass(frozen=True)
class ReferenceFolder:
    """A folder of reference files, valid at first."""

    path: Path

    def __truediv__(self, file: str) -> Path:
        return self.path / file

    def restore(self) -> None:
        """Write the valid files."""
        for file, content in FILES.items():
            (self.path / file).write_text(content, encoding="utf-8")

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace what stands once in a file."""
        content = (self.path / file).read_text(encoding="utf-8")
        assert content.count(old) == 1, f"{old!r} must stand once in the file"
        (self.path / file).write_text(content.replace(old, new), encoding="utf-8")

    def faults(self) -> tuple[Fault, ...]:
        """What the loader finds wrong."""
        with pytest.raises(ReferenceDataError) as caught:
            load_reference(self.path)
        return caught.value.faults


@pytest.fixture
def folder(tmp_path: Path) -> ReferenceFolder:
    folder = ReferenceFolder(tmp_path)
    folder.restore()
    return folder
