"""Pictures, recipes and runs, as files."""
