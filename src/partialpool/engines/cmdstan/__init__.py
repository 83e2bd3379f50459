"""The engine that runs programs through CmdStanPy and a CmdStan installation."""
