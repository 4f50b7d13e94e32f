"""The command `nst` and its subcommands."""
