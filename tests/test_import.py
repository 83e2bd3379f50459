"""`import partialpool` is light, and everything public is there."""

import subprocess
import sys

import pytest

import partialpool as pp

HEAVY = ("arviz", "matplotlib", "cmdstanpy", "pandas", "xarray", "scipy", "stanli", "numpy")


def test_import_loads_none_of_the_heavy_packages() -> None:
    code = "import partialpool, sys; print(*sorted(m.split('.')[0] for m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(done.stdout.split())


def test_summaries_and_plots_wait_with_arviz_and_matplotlib() -> None:
    code = "import partialpool.plots, partialpool.summaries, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"arviz", "matplotlib", "scipy"} & set(done.stdout.split())


@pytest.mark.parametrize("name", pp.__all__)
def test_public_names(name: str) -> None:
    assert getattr(pp, name) is not None
    assert name in dir(pp)


def test_an_unknown_name() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = pp.nothing


def test_every_error_is_one_of_ours_and_of_pythons() -> None:
    from partialpool import errors

    for name in ("DataError", "OptionError", "ProgramError"):
        assert issubclass(getattr(errors, name), (errors.PartialPoolError, ValueError))
        assert issubclass(getattr(errors, name), ValueError)
    for name in ("EngineError", "SamplingError"):
        assert issubclass(getattr(errors, name), RuntimeError)
