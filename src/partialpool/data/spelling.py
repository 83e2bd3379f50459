"""Find texts that differ only in white space, letter case or invisible characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Iterable, Sequence

_STRIP = ".str.strip()"
_INSIDE = '.str.split().str.join(" ")'
_ACCENTS = '.str.normalize("NFC")'


def plain(text: str) -> str:
    """Remove outer and doubled white space and invisible characters from a text.

    Accents are brought to one Unicode form (NFC); letter case stays.
    """
    if text.isascii() and text.isprintable() and "  " not in text and text == text.strip():
        return text
    normal = unicodedata.normalize("NFC", text)
    return " ".join("".join(c for c in normal if unicodedata.category(c) != "Cf").split())


def _key(text: str) -> str:
    """Return a key that is equal for texts that are probably the same.

    Letter case is ignored in words of three or more letters alone: "Aa" and "aa" may be two
    genotypes.
    """
    word = plain(text)
    letters = word.replace(" ", "")
    if len(letters) < 3 or not letters.isalpha():
        return word
    usual = word in (word.lower(), word.upper(), word.capitalize(), word.title())
    return word.casefold() if usual else word


def variants(texts: Sequence[str]) -> list[list[str]]:
    """Group texts that are probably the same; texts without a variant are left out."""
    whole = "".join(texts)
    visible = whole.isascii() and whole.isprintable()
    if visible and len({"".join(text.lower().split()) for text in texts}) == len(texts):
        return []  # a shortcut for a million labels that all differ
    alike: dict[str, list[str]] = {}
    for text in texts:
        alike.setdefault(_key(text), []).append(text)
    return [same for same in alike.values() if len(same) > 1]


def merging_code(name: str, texts: Sequence[str], groups: Sequence[Sequence[str]]) -> str:
    """Write the pandas code that merges each group of variants into one text.

    Parameters
    ----------
    name : str
        Name of the column.
    texts : sequence of str
        All different texts of the column.
    groups : sequence of sequence of str
        Groups of variants, each with the text to keep in first place.
    """
    column = f"data[{name!r}]"
    count_after = len(texts) - sum(len(group) - 1 for group in groups)
    for code, clean in (
        (_STRIP, str.strip),
        (_INSIDE, lambda text: " ".join(text.split())),
        (_ACCENTS, lambda text: unicodedata.normalize("NFC", text)),
    ):
        if len({clean(text) for text in texts}) == count_after:
            return f"{column} = {column}{code}"
    pairs = [f"{shown(text)}: {shown(group[0])}" for group in groups for text in group[1:]]
    return f"{column} = {column}.replace({{{', '.join(pairs)}}})"


def shown(text: str) -> str:
    """Write a text as a Python literal in which invisible characters are escaped."""
    visible = all(c == " " or (c.isprintable() and not unicodedata.combining(c)) for c in text)
    return repr(text) if visible else ascii(text)


def likely_levels(
    values: Iterable[Hashable], known: Iterable[Hashable]
) -> dict[Hashable, Hashable]:
    """Map unknown values to the known level that is spelled like them.

    Values that are like no level, or like several, are left out.
    """
    unknown, levels = list(values), list(known)
    if not any(isinstance(label, str) for label in (*unknown, *levels)):
        return {}
    likely: dict[Hashable, Hashable] = {}
    for spelling in (str, plain, lambda text: plain(text).casefold()):
        alike: dict[str, list[Hashable]] = {}
        for level in levels:
            alike.setdefault(spelling(str(level)), []).append(level)
        for value in unknown:
            candidates = alike.get(spelling(str(value)), [])
            if len(candidates) == 1:
                likely.setdefault(value, candidates[0])
    return likely
