"""The catalogue: what it lists, and how it answers a mistake."""

from pathlib import Path

import numpy as np
import pytest

import partialpool as pp
from partialpool.errors import DataError, ProgramError

NAMES = pp.programs.names()


def test_the_catalogue_lists_every_program() -> None:
    assert len(NAMES) == len(set(NAMES)) >= 16
    table = pp.programs.list()
    assert list(table.index) == list(NAMES)
    assert table.loc["binomial/no_pooling", "parameters"] == "theta"
    assert "successes" in table.loc["binomial/no_pooling", "data"]


@pytest.mark.parametrize("name", NAMES)
def test_example_data_fit_the_data_block(name: str) -> None:
    program = pp.programs.get(name)
    checked = program.check_data(program.example_data())
    assert list(checked) == list(program.data)
    assert any(key.startswith("prior_") for key in checked)
    everything = program.declarations.all
    offered = {"rho"} if name == "glmm/gaussian_marginal_patterns" else {"theta", "a", "r"}
    offered = {"beta"} if name.startswith("transfer/") else offered
    assert offered & set(everything)


def test_declarations_are_stans_own() -> None:
    program = pp.programs.get("binomial/partial_pooling_logit_noncentered")
    assert str(program.data["successes"]) == ("array[N] int<lower=0, upper=trials> successes")
    assert str(program.parameters["sigma"]) == "real<lower=0> sigma"
    assert program.code == program.path.read_text(encoding="utf-8")


def test_nearest_name_is_suggested() -> None:
    with pytest.raises(ProgramError, match="Did you mean 'binomial/no_pooling'"):
        pp.programs.get("binomial/nopooling")
    with pytest.raises(ProgramError, match=r"list\(\)\) lists them all"):
        pp.programs.get("zzz")


def test_priors_left_out_take_the_catalogues_defaults() -> None:
    program = pp.programs.get("binomial/partial_pooling_logit_noncentered")
    data = {"N": 2, "trials": [3, 4], "successes": [1, 4]}
    checked = program.check_data(data)
    assert checked["prior_mu_location"] == -1
    assert program.check_data(data | {"prior_mu_location": 2})["prior_mu_location"] == 2


def test_a_prior_of_ones_own_program_is_not_invented(tmp_path: Path) -> None:
    path = tmp_path / "own.stan"
    path.write_text(
        "data { real prior_scale; } parameters { real mu; } model { mu ~ std_normal(); }"
    )
    program = pp.StanProgram.from_file(path)
    with pytest.raises(DataError, match="prior_scale"):
        program.check_data({})
    with pytest.raises(DataError, match=r"there is no own\.data\.json"):
        program.example_data()


@pytest.mark.parametrize(
    ("name", "message"), [("a.txt", r"must end in \.stan"), ("no.stan", "cannot read .*no.stan")]
)
def test_files_that_are_no_programs(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(ProgramError, match=message):
        pp.StanProgram.from_file(tmp_path / name)


def test_one_label_set_spreads_over_all_that_has_its_size() -> None:
    from partialpool.source.labels import check_labels

    program = pp.programs.get("binomial/partial_pooling_logit_noncentered")
    declared, data = program.declarations.all, program.example_data()
    _, spread = check_labels(declared, data, coords=None, dims={"theta": ["player"]})
    assert spread == dict.fromkeys(("theta", "z", "alpha", "trials", "successes"), ("player",))
    with pytest.raises(DataError, match="dims names 'thetas', which the program does not declare"):
        check_labels(declared, data, coords=None, dims={"thetas": ["player"]})


def test_a_users_mistake_in_the_data_never_reaches_stan() -> None:
    program = pp.programs.get("binomial/no_pooling")
    data = {"N": 2, "trials": [3, 4], "successes": [1, 5]}
    with pytest.raises(DataError, match=r"successes") as caught:
        program.sample(data, engine="stanli")
    assert "array[N] int<lower=0, upper=trials> successes" in str(caught.value)
    with pytest.raises(DataError, match="sucesses"):
        program.sample({"N": 2, "trials": [3, 4], "sucesses": [1, 4]}, engine="stanli")


def test_options_that_do_not_exist_are_named() -> None:
    program = pp.programs.get("binomial/no_pooling")
    with pytest.raises(pp.OptionError, match=r"'iter_warmup'; its options are coords, dims"):
        program.sample(program.example_data(), engine="stanli", iter_warmup=3)


def test_wrong_labels_are_refused_with_the_numbers() -> None:
    program = pp.programs.get("binomial/no_pooling")
    with pytest.raises(DataError, match=r"3 label\(s\) for 'player', but '\w+' has 18"):
        program.sample(
            program.example_data(),
            coords={"player": ["a", "b", "c"]},
            dims={"theta": ["player"]},
            engine="stanli",
            chains=1,
            draws=10,
            warmup=10,
        )


def test_priors_left_at_their_defaults_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    program = pp.programs.get("normal_known_variance/marginal")
    data = {k: v for k, v in program.example_data().items() if not k.startswith("prior_")}
    program.sample(data | {"prior_mu_scale": 100.0}, engine="stanli", seed=1, chains=4, draws=50)
    first = capsys.readouterr().out.splitlines()[0]
    assert "priors at their defaults" in first
    assert "prior_tau_scale=5" in first
    assert "prior_mu_scale" not in first
    program.sample(program.example_data(), engine="stanli", seed=1, draws=50)
    assert "defaults" not in capsys.readouterr().out


def test_a_bad_example_beside_a_program_is_said_and_only_when_needed(tmp_path: Path) -> None:
    path = tmp_path / "m.stan"
    path.write_text("data { real y; } parameters { real mu; } model { y ~ normal(mu, 1); }")
    (tmp_path / "m.data.json").write_text("[1]")
    program = pp.StanProgram.from_file(path)
    assert program.check_data({"y": 1.0}) == {"y": 1.0}
    with pytest.raises(DataError, match="must hold one JSON object"):
        program.example_data()
    path.write_bytes("// Mod\xe8le\nparameters { real x; }".encode("latin-1"))
    with pytest.raises(ProgramError, match="is not UTF-8 text"):
        pp.StanProgram.from_file(path)


def test_includes_are_put_in_as_stanc_does(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.stan").write_text("real a;\n#include <deep/b.stan> // more\n")
    (tmp_path / "deep" / "b.stan").write_text("real b;\n")
    (tmp_path / "m.stan").write_text('parameters {\n  #include "a.stan"\n}\n')
    program = pp.StanProgram.from_file(tmp_path / "m.stan")
    assert program.full_code == "parameters {\nreal a;\nreal b;\n}\n"
    assert list(program.parameters) == ["a", "b"]
    (tmp_path / "a.stan").write_text("#include a.stan\n")
    with pytest.raises(ProgramError, match="include each other without end"):
        assert program.full_code
    (tmp_path / "a.stan").unlink()
    with pytest.raises(ProgramError, match="'a.stan', which is not in"):
        assert program.full_code


def test_a_program_is_the_same_wherever_it_stands(tmp_path: Path) -> None:
    program = pp.programs.get("binomial/no_pooling")
    assert pp.StanProgram(program.name, None, program.code) == program


def test_prior_defaults_are_numbers() -> None:
    for name in NAMES:
        for value in pp.programs.get(name).prior_defaults().values():
            assert np.isfinite(value).all()


def test_declarations_of_a_program_with_includes_are_remembered() -> None:
    """Compiling takes a second: it is done once for the text with all files put in."""
    program = pp.programs.get("glmm/poisson")
    assert "#include" in program.code
    assert program.declarations is pp.programs.get("glmm/poisson").declarations


def test_an_error_in_an_included_file_names_it(tmp_path: Path) -> None:
    (tmp_path / "part.stan").write_text("  real mu\n")
    (tmp_path / "m.stan").write_text("parameters {\n#include part.stan\n}\n")
    with pytest.raises(ProgramError, match=r"part\.stan"):
        _ = pp.StanProgram.from_file(tmp_path / "m.stan").declarations
