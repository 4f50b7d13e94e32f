"""Neural style transfer on VGG19, small enough to read: the package behind the notebooks of this course."""

from importlib import import_module

_HOME = {
    "InputError": "errors",
    "load_image": "images",
    "save_image": "images",
    "Recipe": "recipe",
    "read_recipe": "recipe",
    "FeatureExtractor": "vgg",
    "gram_matrix": "losses",
    "content_loss": "losses",
    "style_loss": "losses",
    "total_variation_loss": "losses",
    "StyleTransfer": "transfer",
    "Snapshot": "transfer",
    "Losses": "transfer",
    "coarse_to_fine": "settings",
}
__all__ = list(_HOME)


def __getattr__(name: str):
    """Import a public name when it is first used, so that what needs no TensorFlow does not wait for it."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOME[name]
    if home not in ("errors", "images", "recipe", "settings"):
        import_module(".hardware", __name__)  # starts TensorFlow without its banner
    return getattr(import_module(f".{home}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
