"""The errors that partialpool raises: one small hierarchy.

Every message says what was given, where, and what to do next. Catch `PartialPoolError` to
catch them all; each also derives from the built-in exception that describes its kind.
"""


class PartialPoolError(Exception):
    """Base of every error raised by partialpool."""


class DataError(PartialPoolError, ValueError):
    """Data do not fit what the program or function declares."""


class FormulaError(PartialPoolError, ValueError):
    """A model formula cannot be read, or does not fit the data's columns."""


class OptionError(PartialPoolError, ValueError):
    """An option (a number of chains, a seed, a file name) is not usable."""


class ProgramError(PartialPoolError, ValueError):
    """A Stan program does not compile, or its name is unknown."""


class EngineError(PartialPoolError, RuntimeError):
    """An engine is missing, or cannot do what was asked of it."""


class SamplingError(PartialPoolError, RuntimeError):
    """Stan ran and failed: the message holds what Stan said."""


class AccuracyError(PartialPoolError, ArithmeticError):
    """A result could be computed, but must not be trusted: the message has the way out."""


class DataWarning(UserWarning):
    """Data are usable, but say less than they seem to."""
