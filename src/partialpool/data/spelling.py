"""Texts that differ by white space, letter case or invisible characters alone."""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Iterable, Sequence

_STRIP = ".str.strip()"
_INSIDE = '.str.split().str.join(" ")'
_ACCENTS = '.str.normalize("NFC")'


def plain(text: str) -> str:
    """Take away white space around a text, doubled white space, and what cannot be seen.

    Accents are brought to one form; letter case stays.
    """
    if text.isascii() and text.isprintable() and "  " not in text and text == text.strip():
        return text
    normal = unicodedata.normalize("NFC", text)
    return " ".join("".join(c for c in normal if unicodedata.category(c) != "Cf").split())


def _key(text: str) -> str:
    """Take letter case away too, but from words alone: "Aa" and "aa" may be two genotypes."""
    word = plain(text)
    letters = word.replace(" ", "")
    if len(letters) < 3 or not letters.isalpha():
        return word
    usual = word in (word.lower(), word.upper(), word.capitalize(), word.title())
    return word.casefold() if usual else word


def variants(texts: Sequence[str]) -> list[list[str]]:
    """Collect texts that are probably meant as one: lists of two or more."""
    whole = "".join(texts)
    visible = whole.isascii() and whole.isprintable()
    if visible and len({"".join(text.lower().split()) for text in texts}) == len(texts):
        return []  # quickly, of a million labels that all differ
    alike: dict[str, list[str]] = {}
    for text in texts:
        alike.setdefault(_key(text), []).append(text)
    return [each for each in alike.values() if len(each) > 1]


def mending(name: str, texts: Sequence[str], found: Sequence[Sequence[str]]) -> str:
    """Write the code that makes one of each of the variants found.

    Parameters
    ----------
    name : str
        Of the column.
    texts : sequence of str
        All that the column holds.
    found : sequence of sequence of str
        Variants, each time the one to keep first.
    """
    column = f"data[{name!r}]"
    left = len(texts) - sum(len(each) - 1 for each in found)
    for code, mend in (
        (_STRIP, str.strip),
        (_INSIDE, lambda text: " ".join(text.split())),
        (_ACCENTS, lambda text: unicodedata.normalize("NFC", text)),
    ):
        if len({mend(text) for text in texts}) == left:
            return f"{column} = {column}{code}"
    pairs = [f"{shown(other)}: {shown(each[0])}" for each in found for other in each[1:]]
    return f"{column} = {column}.replace({{{', '.join(pairs)}}})"


def shown(text: str) -> str:
    """Write a text out so that nothing in it is invisible."""
    seen = all(c == " " or (c.isprintable() and not unicodedata.combining(c)) for c in text)
    return repr(text) if seen else ascii(text)


def meant(values: Iterable[Hashable], known: Iterable[Hashable]) -> dict[Hashable, Hashable]:
    """Find for unknown values the one known value that each is spelled like, where there is one."""
    unknown, levels = list(values), list(known)
    if not any(isinstance(each, str) for some in (unknown, levels) for each in some):
        return {}
    found: dict[Hashable, Hashable] = {}
    for same in (str, plain, lambda text: plain(text).casefold()):
        alike: dict[str, list[Hashable]] = {}
        for level in levels:
            alike.setdefault(same(str(level)), []).append(level)
        for value in unknown:
            like = alike.get(same(str(value)), [])
            if len(like) == 1:
                found.setdefault(value, like[0])
    return found
