"""VGG19 in PyTorch, from the kernels that `inputs.py` wrote: channels last, frozen, normalised as ours is."""

from collections.abc import Iterable, Mapping

import numpy as np
import torch
import torch.nn.functional as F

from nst_helpers.layers import path_to


class Network:
    """A function from an image `[1, 3, H, W]`, RGB, 0..1, to the activations of some layers, by name.

    With `repeat_border` the first convolution sees the border's pixels repeated around the image, not zeros.
    """

    def __init__(
        self, inputs: Mapping[str, np.ndarray], layers: Iterable[str], precision: str, *, repeat_border: bool = False
    ):
        self.path = path_to(layers)
        self.type = getattr(torch, precision)
        self.repeat_border = repeat_border
        self.kernels, mean_before = {}, 1.0
        for layer in self.path:
            if "conv" in layer:  # normalised as ours are: each layer's mean activation becomes 1
                mean = float(inputs[f"{layer}/mean"])
                kernel = inputs[f"{layer}/kernel"].transpose(3, 2, 0, 1) * (mean_before / mean)
                kernel = torch.from_numpy(np.ascontiguousarray(kernel, np.float32))
                bias = torch.from_numpy(inputs[f"{layer}/bias"] / np.float32(mean))
                mean_before = mean
                kernel = kernel.to(self.type, memory_format=torch.channels_last)
                self.kernels[layer] = kernel, bias.to(self.type)
        self.caffe_mean = torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1)

    def __call__(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        x = image.flip(1) * 255 - self.caffe_mean
        x = x.to(self.type, memory_format=torch.channels_last)
        padding = 1
        if self.repeat_border:
            x, padding = F.pad(x, (1, 1, 1, 1), mode="replicate"), 0
        found = {}
        for layer in self.path:
            if conv := self.kernels.get(layer):
                x, padding = F.relu_(F.conv2d(x, *conv, padding=padding)), 1
            else:
                x = F.max_pool2d(x, 2)
            found[layer] = x
        return found
