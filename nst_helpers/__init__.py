"""Neural style transfer on VGG19, small enough to read: the package behind the notebooks of this course.

The modules here are the method. A good order to read them: `layers`, `vgg`, `losses`, `objective`, `optimizers`,
`transfer`; beside them `settings`, `inputs`, `regions`, `color`, `tiles`, `snapshot` and `errors`. The folders stand
around it: `machine` below, and above it `files`, `course`, `commands` and `widgets`.
"""

from importlib import import_module

_HOME = {
    "InputError": "errors",
    "load_image": "files.images",
    "save_image": "files.images",
    "Recipe": "files.recipe",
    "read_recipe": "files.recipe",
    "FeatureExtractor": "vgg",
    "gram_matrix": "losses",
    "content_loss": "losses",
    "style_loss": "losses",
    "total_variation_loss": "losses",
    "StyleTransfer": "transfer",
    "Snapshot": "snapshot",
    "Losses": "snapshot",
    "coarse_to_fine": "settings",
}
__all__ = list(_HOME)


def __getattr__(name: str):
    """Import a public name when it is first used, so that what needs no TensorFlow does not wait for it."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOME[name]
    if home not in ("errors", "files.images", "files.recipe", "settings", "snapshot"):
        import_module(".machine.hardware", __name__)  # starts TensorFlow without its banner
    return getattr(import_module(f".{home}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
