"""A PyTorch program of the shape of crowsonkb's style-transfer-pytorch, written anew on the VGG19 that ours has.

    python -m tests.benchmarks.torch_program CONTENT STYLE --network FILE --size 384 --iterations 100 -o FILE

Coarse to fine in steps of √2, Adam at a constant rate, an average of the iterates, and the losses of torch_losses.py.

Her weights are for a network that could not be had and measured. They are kept, since on activations of mean 1 the
pictures look like those of her own program on this network: midway between content and style, at 256 px, the norm of
content's gradient is 11 % and that of variation's 2.4 % of style's (geometric means of four pairs). A stand-in for her
network, Caffe's activations divided by the deviation of an input, 57.4, would have 125 % and 0.6 %, which weights of
0.17 and 0.5 match here: faces stay, but so does the photograph. Half way, 0.05 and 1, keeps the face and the style.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from nst_helpers.layers import STYLE_LAYERS

from .report import machine
from .torch_losses import WassersteinLoss, nine_point_variation
from .torch_network import Network

CONTENT_LAYER = "block4_conv2"
LAYERS = (*STYLE_LAYERS, CONTENT_LAYER)
STYLE_WEIGHTS = {layer: weight / 341 for layer, weight in zip(STYLE_LAYERS, (256, 64, 16, 4, 1), strict=True)}
CONTENT_WEIGHT, VARIATION_WEIGHT = 0.015, 2.0
SMALLEST, STEP = 128, 2**0.5
RATE, BETAS, MEMORY = 0.02, (0.9, 0.99), 0.99


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("content", type=Path)
    parser.add_argument("style", type=Path)
    parser.add_argument("--network", type=Path, required=True, help="a file by inputs.write_network")
    parser.add_argument("--size", type=int, required=True, help="longer side of the picture")
    parser.add_argument("--iterations", type=int, required=True, help="at each scale; the first has twice as many")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()

    fast = {"avx512_bf16", "amx_bf16", "bf16"} & set(machine()["arithmetic"])
    with np.load(options.network) as inputs:
        network = Network(inputs, LAYERS, "bfloat16" if fast else "float32", repeat_border=True)
    with Image.open(options.content) as content, Image.open(options.style) as style:
        image = paint(network, content.convert("RGB"), style.convert("RGB"), options.size, options.iterations)
    pixels = np.uint8(np.round(image[0].permute(1, 2, 0).numpy() * 255))
    Image.fromarray(pixels).save(options.output)


def scales(size: int) -> list[int]:
    """Return the longer sides from coarse to fine; the last is the one asked for."""
    sides = [size]
    while (side := round(size / STEP ** len(sides))) >= SMALLEST:
        sides.insert(0, side)
    return sides


def paint(network: Network, content: Image.Image, style: Image.Image, size: int, iterations: int) -> torch.Tensor:
    """Return the picture `[1, 3, H, W]`, 0..1, after so many iterations a scale, twice as many at the first."""
    average, state = None, {}
    for side in scales(size):
        loss = Loss(network, at_size(content, side), at_size(style, min(side, max(style.size))))
        shape = loss.content_image.shape[2:]
        start = enlarged(average.value, shape, "bicubic").clamp(0, 1) if average else loss.content_image
        image = start.contiguous(memory_format=torch.channels_last).clone().requires_grad_()
        optimizer = torch.optim.Adam([image], lr=RATE, betas=BETAS)
        if state:
            optimizer.state[image] = {
                "step": state["step"],
                "exp_avg": enlarged(state["exp_avg"], shape, "bicubic"),
                "exp_avg_sq": enlarged(state["exp_avg_sq"], shape, "bilinear").relu(),
            }
        first, average = average is None, Average(start)
        for _ in range(iterations * (2 if first else 1)):
            optimizer.zero_grad()
            loss(image).backward()
            optimizer.step()
            with torch.no_grad():
                average.add(image.clamp_(0, 1))
        state = optimizer.state[image]
    return average.value.clamp(0, 1)


class Loss:
    """Content, style and variation of an image, against targets measured at one scale."""

    def __init__(self, network: Network, content: torch.Tensor, style: torch.Tensor):
        self.network, self.content_image = network, content
        with torch.no_grad():
            self.content = network(content)[CONTENT_LAYER].float()
            features = network(style)
            self.styles = {layer: WassersteinLoss(features[layer]) for layer in STYLE_WEIGHTS}

    def __call__(self, image: torch.Tensor) -> torch.Tensor:
        content, style, variation = self.terms(image)
        return CONTENT_WEIGHT * content + style + VARIATION_WEIGHT * variation

    def terms(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the three, the style's layers in their weights, the others without theirs."""
        features = self.network(image)
        content = F.mse_loss(features[CONTENT_LAYER].float(), self.content)
        style = sum(weight * self.styles[layer](features[layer]) for layer, weight in STYLE_WEIGHTS.items())
        return content, style, nine_point_variation(image)


class Average:
    """The mean of the iterates, in which one counts MEMORY times as much as the one after it."""

    def __init__(self, start: torch.Tensor):
        self._sum, self._weight = torch.zeros_like(start), 0.0
        self.add(start)

    def add(self, image: torch.Tensor) -> None:
        self._sum = MEMORY * self._sum + image
        self._weight = MEMORY * self._weight + 1

    @property
    def value(self) -> torch.Tensor:
        return self._sum / self._weight


def at_size(picture: Image.Image, side: int) -> torch.Tensor:
    """Return a picture as `[1, 3, H, W]`, 0..1, its longer side made so long."""
    width, height = (max(1, round(each * side / max(picture.size))) for each in picture.size)
    pixels = np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC), np.float32)
    return torch.from_numpy(pixels / 255).permute(2, 0, 1)[None]


def enlarged(image: torch.Tensor, shape: tuple[int, int], mode: str) -> torch.Tensor:
    return F.interpolate(image, tuple(shape), mode=mode, align_corners=False)


if __name__ == "__main__":
    main()
