"""What a section of the page is."""

from dataclasses import dataclass

from assets.figures import Figure


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page with a heading of its own.

    Attributes:
        key: names it in links and is the name of its template, `<key>.html`.
        title: heading.
        content: what its template shows, as `section.content`.
        figures: drawn after it, in order.
    """

    key: str
    title: str
    content: object
    figures: tuple[Figure, ...] = ()
