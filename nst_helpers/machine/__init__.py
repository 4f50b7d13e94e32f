"""What a run needs of the machine: the processor, its memory, the disk, the weight file, Ctrl-C."""

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
"""Each precision in which VGG19 can be computed, and its bytes per number."""
