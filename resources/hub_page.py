"""A page of a list of the Hub's models, however it was read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HubPage:
    """A page of a list.

    Attributes:
        documents: models as sent.
        cursor: gives the next page; None where there is none.
    """

    documents: list[object]
    cursor: str | None = None
