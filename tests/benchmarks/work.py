"""The arithmetic that one step cannot do without, counted from the table of layers."""

from nst_helpers.layers import CHANNELS, CONTENT_LAYER, STYLE_LAYERS, path_to


def step_flops(size: int) -> dict[str, int]:
    """Return the floating-point operations of one step on a square image: multiplications and additions.

    Convolutions count twice, for the features and for the gradient with respect to their input. A Gram matrix counts
    twice as well: FᵀF, and F times the gradient. Everything else together is less than one in a hundred.
    """
    convolutions = grams = 0
    channels = 3
    for layer in path_to([CONTENT_LAYER, *STYLE_LAYERS]):
        if "pool" in layer:
            size //= 2
            continue
        convolutions += 2 * (2 * size**2 * 3 * 3 * channels * CHANNELS[layer])
        channels = CHANNELS[layer]
        if layer in STYLE_LAYERS:
            grams += 2 * (2 * size**2 * channels**2)
    return {"convolutions": convolutions, "grams": grams, "total": convolutions + grams}
