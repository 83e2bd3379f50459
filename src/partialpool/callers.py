"""Where this package was called from: warnings point there."""

from __future__ import annotations

import inspect


def outside() -> int:
    """Count the frames up to the first outside this package: the stacklevel of a warning.

    Modules are told by their names: a dataclass's ``__init__`` belongs to no file.
    """
    frame, level = inspect.currentframe(), 0
    package = __name__.partition(".")[0]
    while frame is not None and str(frame.f_globals.get("__name__")).partition(".")[0] == package:
        frame, level = frame.f_back, level + 1
    return level
