"""What stanli cannot do, it says, and it names the engine that can."""

import pytest

import partialpool as pp
from partialpool.engines import select

CODE = (
    "parameters { real<lower=0> s; } model { s ~ gamma(3, 2); } "
    "generated quantities { real t = s; }"
)
REFUSED = {
    "pathfinder": lambda program, _: program.pathfinder({}, engine="stanli"),
    "laplace": lambda program, _: program.laplace({}, engine="stanli"),
    "variational": lambda program, _: program.variational({}, engine="stanli"),
    "generate": lambda program, fit: program.generate_quantities({}, fit, engine="stanli"),
    "Jacobian": lambda program, _: program.optimize({}, engine="stanli", jacobian=False),
    "density": lambda program, _: program.log_density(
        {}, {"s": 1.0}, engine="stanli", jacobian=False
    ),
    "CSV": lambda program, _: program.sample({}, engine="stanli", output_dir="x"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_it_cannot_do_names_cmdstan(what: str, write_program) -> None:
    program = write_program("gamma", CODE)
    fit = program.sample({}, engine="stanli", chains=1, warmup=50, draws=20, verbose=False)
    with pytest.raises(pp.EngineError, match=r"stanli cannot .*engine='cmdstan'"):
        REFUSED[what](program, fit)


def test_inits_must_be_whole(write_program) -> None:
    program = write_program("two", "parameters { real a; real b; } model { a ~ normal(b, 1); }")
    with pytest.raises(
        pp.OptionError, match="(?s)every parameter.*engine='cmdstan' draws those left"
    ):
        program.sample({}, engine="stanli", inits={"a": 1.0}, verbose=False)


def test_auto_without_cmdstan_is_stanli_and_says_so_once(monkeypatch, capsys, tmp_path) -> None:
    import partialpool.toolchain as toolchain
    from partialpool import engines

    monkeypatch.setattr(toolchain, "find_cmdstan", lambda: None)
    engines._say_fallback.cache_clear()
    assert select("auto").name == select("auto").name == "stanli"
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert "partialpool install-cmdstan" in said[0]


def test_what_it_would_leave_out_is_refused(write_program) -> None:
    program = write_program(
        "complex",
        "parameters { real mu; } transformed parameters { real twice = 2 * mu; } "
        "model { mu ~ std_normal(); } generated quantities { complex z = to_complex(mu, 1); }",
    )
    with pytest.raises(pp.EngineError, match=r"cannot compute .*complex z.*engine='cmdstan'"):
        program.sample({}, engine="stanli", seed=1, progress=False, verbose=False)


def test_a_metric_of_the_wrong_length(write_program) -> None:
    program = write_program("s", CODE)
    with pytest.raises(pp.PartialPoolError, match="metric"):
        program.sample({}, engine="stanli", seed=1, inv_metric=[1.0, 2.0], verbose=False)
