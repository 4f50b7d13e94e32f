"""VGG19 and the losses once more, in plain NumPy from the bare weight file: what the package is held against."""

import h5py
import numpy as np

BLOCKS = (2, 2, 4, 4, 4)


def vgg19(weights, image, pooling="max"):
    """Return the raw activations of all layers, float64 [h, w, C], for an image [1, H, W, 3], RGB, 0..1."""
    x = np.float64(image[0])[..., ::-1] * 255 - (103.939, 116.779, 123.68)
    features = {}
    with h5py.File(weights) as file:
        for block, depth in enumerate(BLOCKS, 1):
            for i in range(1, depth + 1):
                name = f"block{block}_conv{i}"
                kernel, bias = (np.float64(file[name][f"{name}_{kind}_1:0"]) for kind in "Wb")
                padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
                windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))
                x = features[name] = np.maximum(np.einsum("hwcij,ijcd->hwd", windows, kernel, optimize=True) + bias, 0)
            height, width = x.shape[0] // 2, x.shape[1] // 2
            tiles = x[: 2 * height, : 2 * width].reshape(height, 2, width, 2, -1)
            x = features[f"block{block}_pool"] = tiles.max((1, 3)) if pooling == "max" else tiles.mean((1, 3))
    return features


def losses(weights, content, style, image, settings, mean_activation):
    """Return the content, style, tv and total loss and each style layer's term, as the formulas in the course say."""
    mean = settings.reduction == "mean"
    reduce = np.mean if mean else np.sum
    of = [vgg19(weights, picture, settings.pooling) for picture in (content, style, image)]
    if mean:
        table = mean_activation[settings.pooling]
        of = [{name: f / table.get(name, 1) for name, f in features.items()} for features in of]
    contents, styles, images = of

    def gram(f):
        return np.einsum("hwc,hwd->cd", f, f) / (f.size if mean else f.size / f.shape[-1])

    content_loss = 0.5 * reduce((contents[settings.content_layer] - images[settings.content_layer]) ** 2)
    terms = {name: reduce((gram(styles[name]) - gram(images[name])) ** 2) for name in settings.style_layers}
    style_loss = sum(weight * terms[name] for name, weight in settings.style_layers.items())
    pixels = np.float64(image[0]) / (0.25 if mean else 1)
    tv = reduce(np.diff(pixels, axis=0) ** 2) + reduce(np.diff(pixels, axis=1) ** 2)
    total = settings.alpha * content_loss + settings.beta * style_loss + settings.gamma * tv
    return {"content": content_loss, "style": style_loss, "tv": tv, "total": total} | terms
