"""Check the user's options; find the number of usable CPUs and the cache folder."""

from __future__ import annotations

import inspect
import math
import numbers
import os
import secrets
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from .errors import OptionError, nearest

MAX_SEED = 2**32 - 1

F = TypeVar("F", bound=Callable[..., Any])


def check_integer(name: str, value: object, lowest: int) -> None:
    """Raise `OptionError` unless `value` is an integer of at least `lowest`."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or int(value) < lowest:
        raise OptionError(f"{name} must be a whole number of at least {lowest}, not {value!r}")


def check_seed(seed: object) -> None:
    """Raise `OptionError` unless `seed` is from 1 to `MAX_SEED`.

    Zero is refused because CmdStan takes it to mean a seed from the clock.
    """
    if (
        isinstance(seed, bool)
        or not isinstance(seed, numbers.Integral)
        or not 0 < int(seed) <= MAX_SEED
    ):
        raise OptionError(f"seed must be a whole number from 1 to {MAX_SEED}, not {seed!r}")


def check_number(
    name: str,
    value: object,
    *,
    above: float = -math.inf,
    below: float = math.inf,
    at_least: float = -math.inf,
) -> None:
    """Raise `OptionError` unless `value` is a finite number within the given bounds."""
    usable = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not usable or not (above < value < below and value >= at_least):  # type: ignore[operator]
        bounds = [
            f"{word} {bound:g}"
            for word, bound in (("above", above), ("below", below), ("at least", at_least))
            if math.isfinite(bound)
        ]
        raise OptionError(f"{name} must be a number {' and '.join(bounds)}, not {value!r}")


def choose_seed(seed: int | None) -> int:
    """Check a seed and return it, or draw a random one for None."""
    if seed is None:
        return 1 + secrets.randbelow(2**31 - 1)
    check_seed(seed)
    return int(seed)


def refuse_unknown(options: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Raise `OptionError` for an option that is not among `known`, naming the nearest."""
    for name in options:
        if name not in known:
            near = nearest(name, known)
            hint = f" Did you mean {near!r}?" if near else ""
            raise OptionError(f"There is no option {name!r}.{hint} Options: {', '.join(known)}")


def takes_options_of(
    *sources: Callable[..., Any], without: Collection[str] = ()
) -> Callable[[F], F]:
    """Show the keyword arguments that a function passes on by ``**options`` in its signature.

    Then `help` and editors that ask the running program list them, with types and defaults.

    Parameters
    ----------
    *sources : callables
        The functions or classes that get the options.
    without : collection of str
        Options that the function does not take.
    """

    def decorate(function: F) -> F:
        signature = inspect.signature(function)
        shown = {
            name: parameter
            for name, parameter in signature.parameters.items()
            if parameter.kind is not inspect.Parameter.VAR_KEYWORD
        }
        for source in sources:
            for name, parameter in inspect.signature(source).parameters.items():
                if parameter.kind is inspect.Parameter.KEYWORD_ONLY and name not in without:
                    shown.setdefault(name, parameter)
        function.__signature__ = signature.replace(parameters=list(shown.values()))  # type: ignore[attr-defined]
        return function

    return decorate


def cache_dir() -> Path:
    """Return the folder of compiled programs: $PARTIALPOOL_CACHE, else the user's cache folder."""
    import platformdirs

    folder = os.environ.get("PARTIALPOOL_CACHE")
    return Path(folder) if folder else Path(platformdirs.user_cache_dir("partialpool"))


def usable_cpus() -> int:
    """Count the CPUs in this process's affinity mask; all CPUs if the system has no such mask."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
