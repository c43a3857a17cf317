"""How a table that a person brings may be read: what can be chosen, for the form, the command line and the reader."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TableChoice:
    """One choice: its values, of which the first is meant where nothing is said, and one sentence."""

    title: str
    values: tuple[str, ...]
    summary: str


TABLE = {
    "delimiter": TableChoice("Columns parted by", ("auto", "comma", "semicolon", "tab", "bar"), "What parts the columns; auto takes what parts most lines alike."),
    "decimal": TableChoice("Decimal sign", ("auto", "point", "comma"), "What parts a number's whole part from the rest."),
    "header": TableChoice("Names first", ("auto", "yes", "no"), "Whether the first line names the columns; auto says yes when there is no number in it."),
    "encoding": TableChoice("Encoding", ("auto", "utf-8", "utf-16", "windows-1252", "latin-1", "iso-8859-15", "windows-1251", "gb18030", "big5", "shift_jis", "euc-kr"),
                            "How the text is written; auto is UTF-8, or UTF-16 where the file begins with its mark."),
    "amounts": TableChoice("Amounts", ("auto", "plain", "standardised"),
                           "How the amounts of a regression are kept; standardised is (value − mean) / standard deviation of the training part, which networks "
                           "learn far faster where values are large, and auto does that where they lie far from 0 or spread by less than 0.1 or more than 10."),
    "missing": TableChoice("Missing cells", ("ask", "fill", "drop"),
                           "What becomes of cells without a value: ask refuses them, fill puts the training part's median (or a category of their own), drop leaves "
                           "out their rows."),
}
