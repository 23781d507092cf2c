"""Texts by section: what breaks a line, what does not, and what is left out."""

from __future__ import annotations

from assets.diffusion.mention import Section
from assets.patents.parse import tree_of
from assets.patents.text import sections
from tests.assets.patents.conftest import Grant


def read(data: bytes) -> dict[Section, str]:
    return dict(sections(tree_of(data)))


def test_each_section_stands_apart(grant: Grant) -> None:
    found = read(grant(title="T", abstract="A", description="<p>D</p>", claims="C"))
    assert found == {
        Section.TITLE: "T",
        Section.ABSTRACT: "A",
        Section.CLAIMS: "1. C",
        Section.DESCRIPTION: "D",
    }


def test_an_element_within_a_line_breaks_no_word_and_any_other_ends_the_line(
    grant: Grant,
) -> None:
    description = (
        "<heading level='1'>FIELD</heading><p>Qwen<sub>2</sub>.5 and <b>D</b>eep<i>Seek</i>-R1, "
        "see <figref idref='D'>FIG. <b>3</b></figref>.</p><p>Next<ul><li>one</li><li>two</li></ul>"
        "</p><tables><table><row><entry>a</entry><entry>b</entry></row></table></tables>"
    )
    assert read(grant(description=description))[Section.DESCRIPTION] == (
        "FIELD\nQwen2.5 and DeepSeek-R1, see FIG. 3.\nNext\none\ntwo\na\nb"
    )


def test_a_variable_with_an_index_is_no_name(grant: Grant) -> None:
    description = (
        "<p>Given X<sub>i</sub>, the model gives (Y<sub>i</sub>, y<sup>j</sup>) of H<sub>2</sub>O "
        "and Qwen<sub>2</sub>; AB<sub>i</sub>, <i>Y</i><sub>ij</sub>, T<sub>5</sub>.</p>"
    )
    assert read(grant(description=description))[Section.DESCRIPTION] == (
        "Given X^i, the model gives (Y^i, y^j) of H^2O and Qwen2; ABi, Y^ij, T^5."
    )


def test_claims_within_claims_have_lines_of_their_own(grant: Grant) -> None:
    claims = (
        "A method of <claim-ref idref='CLM-1'>claim 1</claim-ref>, comprising:"
        "<claim-text>a first step; and</claim-text><claim-text>a second.</claim-text>"
    )
    assert read(grant(claims=claims))[Section.CLAIMS] == (
        "1. A method of claim 1, comprising:\na first step; and\na second."
    )


def test_line_ends_within_a_paragraph_are_blanks_and_escapes_are_characters(grant: Grant) -> None:
    abstract = "Llama\n   2 &lt;b&gt; &amp;lt; 5 &#x3e; 4 &amp; &#x5343;&#x95ee;&#13;x"
    assert read(grant(abstract=abstract))[Section.ABSTRACT] == ("Llama 2 <b> &lt; 5 > 4 & 千问 x")
    assert read(grant(abstract="<![CDATA[a <b> & c]]>"))[Section.ABSTRACT] == "a <b> & c"


def test_comments_and_instructions_are_no_text(grant: Grant) -> None:
    description = "<?BRFSUM description='a > b' end='lead'?><p>Qw<!-- x -->en<?x y?></p>"
    assert read(grant(description=description))[Section.DESCRIPTION] == "Qwen"


def test_of_the_references_cited_the_literature_is_text_and_inventors_are_not(
    grant: Grant,
) -> None:
    references = """<us-references-cited>
    <us-citation><patcit num="1"><document-id><country>US</country><doc-number>1</doc-number>
    <name>Llama et al.</name></document-id></patcit></us-citation>
    <us-citation><nplcit num="2"><othercit>Touvron, &#x201c;Llama 2,&#x201d; 2023.</othercit>
    </nplcit><category>cited by examiner</category></us-citation>
    <us-citation><nplcit num="3"><othercit>Bai, <i>Qwen</i>.</othercit></nplcit></us-citation>
    </us-references-cited>"""
    assert read(grant(references=references))[Section.BIBLIOGRAPHY] == (
        "Touvron, “Llama 2,” 2023.\nBai, Qwen."
    )


def test_an_attribute_with_a_bracket_is_no_text(grant: Grant) -> None:
    description = """<p id="a>b" title='&lt;Qwen&gt;'>plain</p>"""
    assert read(grant(description=description))[Section.DESCRIPTION] == "plain"


def test_a_section_without_text_is_left_out(grant: Grant) -> None:
    assert Section.DESCRIPTION not in read(grant(description="<p> </p><p/>"))
