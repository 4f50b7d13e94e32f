"""How fast the package is, against other ways to write the same step and against the machine's own limit.

Each of these, from the repository's root, prints a table and with --json FILE keeps every sample:

    python -m tests.benchmarks.step        seconds and memory of one step
    python -m tests.benchmarks.schedule    evaluations and seconds to a given loss
    python -m tests.benchmarks.startup     from the command to the first step and the first picture
    python -m tests.benchmarks.quality     who paints best in the same seconds, by blind comparison

`constants` measures the method's tables of constants, which tests compare with them.
"""
