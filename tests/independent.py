"""VGG19 and the losses once more, in plain NumPy from the bare weight file: what the package is held against."""

import h5py
import numpy as np

BLOCKS = (2, 2, 4, 4, 4)


def vgg19(weights, image, pooling="max", border="zeros", gains=None):
    """Return the raw activations of all layers, float64 [h, w, C], for an image [1, H, W, 3], RGB, 0..1."""
    x = np.float64(image[0])[..., ::-1] * 255 - (103.939, 116.779, 123.68)
    features = {}
    with h5py.File(weights) as file:
        for block, depth in enumerate(BLOCKS, 1):
            for i in range(1, depth + 1):
                name = f"block{block}_conv{i}"
                kernel, bias = (np.float64(file[name][f"{name}_{kind}_1:0"]) for kind in "Wb")
                mode = "edge" if name == "block1_conv1" and border == "repeat" else "constant"
                padded = np.pad(x, ((1, 1), (1, 1), (0, 0)), mode)
                windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))
                x = features[name] = np.maximum(np.einsum("hwcij,ijcd->hwd", windows, kernel, optimize=True) + bias, 0)
            height, width = x.shape[0] // 2, x.shape[1] // 2
            tiles = x[: 2 * height, : 2 * width].reshape(height, 2, width, 2, -1)
            pool = f"block{block}_pool"
            x = features[pool] = (
                tiles.max((1, 3)) if pooling == "max" else tiles.mean((1, 3)) * (gains or {}).get(pool, 1)
            )
    return features


def wasserstein(style, generated, least_variance):
    """Return the squared Wasserstein-2 distance of two layers [h, w, C] as Gaussians, over C, as its formula says."""
    (mean_s, covariance_s), (mean, covariance) = (
        (f.reshape(-1, f.shape[-1]).mean(0), np.atleast_2d(np.cov(f.reshape(-1, f.shape[-1]).T, bias=True)))
        for f in map(np.float64, (style, generated))
    )
    variances, directions = np.linalg.eigh(covariance_s)
    variances[variances < least_variance * variances[-1]] = 0
    root = (directions * np.sqrt(variances)) @ directions.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ covariance @ root), 0)).sum()
    return (np.sum((mean - mean_s) ** 2) + np.trace(covariance) + variances.sum() - 2 * cross) / len(mean)


def losses(weights, content, style, image, settings, mean_activation, style_unit, gains, least_variance):
    """Return the content, style, tv and total loss and each style layer's term, as the formulas in the course say."""
    mean = settings.reduction == "mean"
    reduce = np.mean if mean else np.sum
    of = [vgg19(weights, picture, settings.pooling, "repeat", gains) for picture in (content, style, image)]
    if mean:
        table = mean_activation[settings.pooling]
        of = [{name: f / table.get(name, 1) for name, f in features.items()} for features in of]
    contents, styles, images = of

    def gram(f):
        return np.einsum("hwc,hwd->cd", f, f) / (f.size if mean else f.size / f.shape[-1])

    content_loss = sum(
        weight * 0.5 * reduce((contents[layer] - images[layer]) ** 2)
        for layer, weight in settings.content_layers.items()
    )

    def distance(name):
        if settings.style_distance == "wasserstein":
            return wasserstein(styles[name], images[name], least_variance)
        return reduce((gram(styles[name]) - gram(images[name])) ** 2)

    units = {name: style_unit(name, settings.style_distance) if mean else 1 for name in settings.style_layers}
    terms = {name: distance(name) / units[name] for name in settings.style_layers}
    style_loss = sum(weight * terms[name] for name, weight in settings.style_layers.items())
    pixels = np.float64(image[0]) / (0.25 if mean else 1)
    tv = reduce(np.diff(pixels, axis=0) ** 2) + reduce(np.diff(pixels, axis=1) ** 2)
    total = settings.alpha * content_loss + settings.beta * style_loss + settings.gamma * tv
    return {"content": content_loss, "style": style_loss, "tv": tv, "total": total} | terms
