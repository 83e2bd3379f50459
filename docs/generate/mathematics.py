"""The statements in a Stan program's comment, as LaTeX.

The comments write mathematics as text: ``y[n] ~ normal(a[group[n]] + b x[n], sigma)``. English
words may stand among it: ``tau ~ half-normal, half-t or exponential, tau > 0``. Names that the
program declares, single letters and Greek letters are mathematics; other words are English.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

GREEK = frozenset(
    (
        *("alpha", "beta", "gamma", "delta", "epsilon", "eta", "theta", "kappa", "lambda", "mu"),
        *("nu", "xi", "rho", "sigma", "tau", "phi", "Lambda", "Omega"),
    )
)
FUNCTIONS = {
    "exp": r"\exp",
    "log": r"\log",
    "inv_logit": r"\operatorname{logit}^{-1}",
}
DISTRIBUTIONS = frozenset({"normal", "beta", "gamma", "inv_gamma"})
LONG = 60
"""Characters of a right side from which on it is cut at its clauses."""
SYMBOLS = {
    "~": r"\sim ",
    "'": r"^{\top}",
    "||": r"\,\|\,",
    " | ": r"\mid ",
    ">=": r"\ge ",
    "<=": r"\le ",
    ",": r",\; ",
    ";": r";\; ",
    "...": r"\ldots ",
    "{": r"\{",
    "}": r"\}",
}
TOKEN = re.compile(
    r"""(?P<word>[A-Za-z]+(?:-[A-Za-z]+)+|\w+\.stan)  # half-normal
    |(?P<gap>[ ]{3,})
    |(?P<name>[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*)
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<power>\^(?:\((?P<inside>[^()]*)\)|-?[A-Za-z0-9]+))
    |(?P<symbol>\.\.\.|\|\||[ ]\|[ ]|>=|<=|.)""",
    re.VERBOSE,
)


def aligned(lines: Collection[str], declared: Collection[str]) -> str:
    """Turn the lines of a comment's statements into one LaTeX block, a row a statement."""
    rows = [_row(statement, declared) for statement in statements(lines)]
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def statements(lines: Collection[str]) -> list[str]:
    """Join statements that go on in the next line, which is then further to the right."""
    joined: list[str] = []
    for line in lines:
        if line.startswith(" ") and joined:
            joined[-1] += " " + line.strip()
        else:
            joined.append(line.strip())
    return joined


def latex(text: str, declared: Collection[str] = ()) -> str:
    """Turn mathematics that is written as text into LaTeX."""
    joined = "".join(_pieces(text, frozenset(declared)))
    # English words have a space to both sides, but not beside brackets and before punctuation.
    joined = re.sub(
        r"(?<=[(\[])\\text{~|(?<=,\\; )\\text{~|(?<=;\\; )\\text{~|^\\text{~", r"\\text{", joined
    )
    joined = re.sub(r"~}(?=[,;.)\]]|$)", "}", joined)
    return joined.replace("{~", "{ ").replace("~}", " }").strip()


def _row(statement: str, declared: Collection[str]) -> str:
    # "sigma_a, _b" stands for "sigma_a, sigma_b"; "mu ~ normal" is a distribution without arguments
    statement = re.sub(r"\b([a-z]+)_(\w), _(\w)\b", r"\1_\2, \1_\3", statement)
    statement = re.sub(rf"(?<=~ )({'|'.join(DISTRIBUTIONS)})\b(?!\()", r"\1()", statement)
    parts = re.split(r"\s+(~|=|becomes)\s+", statement, maxsplit=1)
    if len(parts) == 1:
        return "& " + latex(statement, declared)
    left, relation, right = parts
    relation = r"\text{ becomes }" if relation == "becomes" else latex(relation)
    first, *others = _clauses(right)
    row = f"{latex(left, declared)} &{relation} {latex(first, declared)}"
    return " \\\\\n".join([row, *(f"&\\qquad {latex(other, declared)}" for other in others)])


def _clauses(right: str) -> list[str]:
    """Cut a long right side where a clause of its own begins, for a row of its own."""
    if len(right) <= LONG:
        return [right]
    cut = re.sub(r"(; |, (?=to the power|where |(?:Z|S|w|e) = )|(?: {3,}))", "\n", right)
    return [clause.strip() for clause in cut.split("\n") if clause.strip()]


def _pieces(text: str, declared: frozenset[str]) -> Iterator[str]:
    words: list[str] = []
    place = 0
    while place < len(text):
        token = TOKEN.match(text, place)
        assert token is not None
        if token[0] == " ":
            place += 1
            continue
        place = token.end()
        if token["word"] or (token["name"] and _is_english(token["name"], text[place:], declared)):
            words.append(token[0])
            continue
        if words:
            yield rf"\text{{~{' '.join(words)}~}}"
            words = []
        if token["gap"]:
            yield r"\qquad "
        elif token["name"] == "sqrt":
            end = _closing(text, place, "()")
            yield rf"\sqrt{{{latex(text[place + 1 : end], declared)}}}"
            place = end + 1
        elif token["name"] and text.startswith("(", place) and len(token["name"]) > 1:
            yield function(token["name"])
            place += 2 if text.startswith("()", place) else 0
        elif token["name"]:
            subscripts, place = _subscripts(text, place, declared)
            yield variable(token["name"], subscripts)
        elif token["power"]:
            inside = token["inside"] if token["inside"] is not None else token[0][1:]
            yield f"^{{{latex(inside, declared)}}}"
        else:
            yield SYMBOLS.get(token[0], token[0])
    if words:
        yield rf"\text{{~{' '.join(words)}~}}"


def _subscripts(text: str, place: int, declared: Collection[str]) -> tuple[list[str], int]:
    """Read ``[t][group[t]]``; square brackets about a whole expression are no subscripts."""
    subscripts = []
    while text.startswith("[", place):
        end = _closing(text, place, "[]")
        inside = text[place + 1 : end]
        if "(" in inside:
            break
        subscripts.append(
            latex(inside.strip(" ,"), declared)
            if inside[:1] != ","
            else r"\cdot, " + latex(inside[1:], declared)
        )
        place = end + 1
    return subscripts, place


def _is_english(name: str, rest: str, declared: frozenset[str]) -> bool:
    if (name == "group" and not rest.startswith("[")) or rest.startswith(" of "):
        return len(name) > 1  # of group j; rows of group j
    if name in declared or name in GREEK or "_" in name or rest.startswith(("(", "[")):
        return False
    if name == "a" and re.match(r" [a-z]{3,}", rest):
        return True  # the article
    return name.isalpha() and len(name) > 1 and not name.isupper() and name not in FUNCTIONS


def _closing(text: str, start: int, brackets: str) -> int:
    depth = 0
    for place in range(start, len(text)):
        depth += {brackets[0]: 1, brackets[1]: -1}.get(text[place], 0)
        if depth == 0:
            return place
    raise ValueError(f"a bracket is never closed: {text}")


def function(name: str) -> str:
    """Write the name of a function or distribution."""
    if name in FUNCTIONS or name.startswith("p_"):
        return variable(name).strip()
    return rf"\text{{{name}}}" if "_" in name else rf"\operatorname{{{name}}}"


def variable(name: str, subscripts: Collection[str] = ()) -> str:
    """Write a variable: ``mu_a`` is a letter with a subscript, ``prior_mu_scale`` a word."""
    if name in FUNCTIONS:
        return FUNCTIONS[name] + " "
    letter, *rest = name.split("_")
    numbered = re.fullmatch(r"([A-Za-z])(\d+)", letter)
    if numbered:
        letter, rest = numbered[1], [numbered[2], *rest]
    if letter == "sum":
        base, named = r"\sum", rest
    elif len(rest) > 1 or (len(letter) > 1 and letter not in GREEK):
        base, named = rf"\texttt{{{name}}}", []  # in text, MathJax takes _ as it is
    else:
        base = rf"\{letter}" if letter in GREEK else letter
        named = [_subscript(part) for part in rest]
        if rest in (["bar"], ["hat"], ["mean"]):
            base, named = rf"\{'bar' if rest != ['hat'] else 'hat'}{{{base}}}", []
    below = [*named, *subscripts]
    return base + (f"_{{{', '.join(below)}}}" if below else "") + " "


def _subscript(part: str) -> str:
    if part in GREEK:
        return rf"\{part}"
    return part if len(part) == 1 or part.isdigit() else rf"\text{{{part}}}"
