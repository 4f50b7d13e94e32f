"""The step in PyTorch: channels last, frozen kernels, our losses, Adam."""

import torch

from nst_helpers.layers import CONTENT_LAYER, STYLE_LAYERS

from .inputs import LAYERS
from .torch_network import Network


class Torch:
    """As good as PyTorch gets without a compiler; the network in float32 or bfloat16, the losses in float32."""

    def __init__(self, inputs, precision: str):
        self.precision = precision
        self.features = Network(inputs, LAYERS, precision)
        content, style, start = (
            torch.from_numpy(inputs[name]).permute(0, 3, 1, 2) for name in ("content", "style", "start")
        )
        with torch.no_grad():
            self.content_target = self.features(content)[CONTENT_LAYER].float()
            style = self.features(style)
            self.style_targets = {layer: self.gram(style[layer]) for layer in STYLE_LAYERS}
        self.image = start.clone(memory_format=torch.channels_last).requires_grad_()
        self.optimizer = torch.optim.Adam([self.image], lr=0.02)
        with torch.no_grad():
            self.losses = dict(zip(("content", "style"), map(float, self.terms()), strict=True))

    def step(self):
        content, style = self.terms()
        tv = (self.image.diff(dim=2) ** 2).mean() + (self.image.diff(dim=3) ** 2).mean()
        loss = content + 1e4 * style + 10 * tv
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            self.image.clamp_(0, 1)
        return loss.item()

    def gram(self, features):
        rows = features.permute(0, 2, 3, 1).flatten(0, 2)  # a view: the channels are last already
        return (rows.T @ rows).float() / rows.numel()

    def terms(self):
        features = self.features(self.image)
        content = 0.5 * ((features[CONTENT_LAYER].float() - self.content_target) ** 2).mean()
        style = sum(((self.gram(features[s]) - self.style_targets[s]) ** 2).mean() for s in STYLE_LAYERS)
        return content, style
