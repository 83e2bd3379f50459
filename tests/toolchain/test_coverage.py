"""Nothing that CmdStanPy can ask of a CmdStan is without a test."""

from __future__ import annotations

from toolchain.coverage import HERE, METHODS, OTHERS, exercised, options, table


def test_every_option_of_every_method_has_a_test() -> None:
    found = exercised()
    wanted = {(method, option) for method in METHODS for option in options(method)}
    assert sorted((wanted | {(name, "") for name in OTHERS}) - set(found)) == []


def test_the_table_is_up_to_date() -> None:
    assert (HERE / "README.md").read_text(encoding="utf-8") == table() + "\n"
