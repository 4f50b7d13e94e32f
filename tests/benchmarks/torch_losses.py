"""Losses of the PyTorch program: Wasserstein-2 distance of Gaussians, and a variation that knows the diagonals.

The distance compares a layer's mean μ and covariance Σ with the style's:
‖μ - μₛ‖² + tr(Σ + Σₛ - 2 (Σₛ^½ Σ Σₛ^½)^½), divided by the number of channels.
"""

import torch
import torch.nn.functional as F

ROUNDS = 12
"""Newton-Schulz iterations of a root and of its gradient."""
EPSILON = 1e-4
"""Added to a covariance's diagonal, so that its root has a gradient."""


class MatrixRoot(torch.autograd.Function):
    """The root of a symmetric positive matrix by Newton-Schulz iterations, with matrix products only.

    Its gradient X solves the Lyapunov equation R X + X R = dR for the root R, by iterations of the same kind.
    Source: Lin & Maji 2017, Improved Bilinear Pooling with CNNs.
    """

    @staticmethod
    def forward(context, matrix: torch.Tensor) -> torch.Tensor:
        norm = matrix.norm()
        three = 3 * torch.eye(len(matrix), dtype=matrix.dtype)
        root, inverse = matrix / norm, torch.eye(len(matrix), dtype=matrix.dtype)
        for _ in range(ROUNDS):
            step = (three - inverse @ root) / 2
            root, inverse = root @ step, step @ inverse
        root = root * norm.sqrt()
        context.save_for_backward(root)
        return root

    @staticmethod
    def backward(context, d_root: torch.Tensor) -> torch.Tensor:
        (root,) = context.saved_tensors
        norm = root.norm()
        three = 3 * torch.eye(len(root), dtype=root.dtype)
        root, x = root / norm, d_root / norm
        for _ in range(ROUNDS):
            square = root @ root
            x = (x @ (three - square) - root.T @ (root.T @ x - x @ root)) / 2
            root = root @ (three - square) / 2
        return x / 2


def moments(features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean `[C]` and covariance `[C, C]` over the positions of `[1, C, h, w]`, float32."""
    rows = features.permute(0, 2, 3, 1).flatten(0, 2).float()  # a view: the channels are last already
    mean = rows.mean(0)
    covariance = rows.T @ rows / len(rows) - mean[:, None] * mean
    return mean, covariance + EPSILON * torch.eye(len(mean))


class WassersteinLoss:
    """The distance of a layer's activations to those of the style."""

    def __init__(self, style: torch.Tensor):
        self.mean, self.covariance = moments(style)
        self.root = MatrixRoot.apply(self.covariance)

    def __call__(self, features: torch.Tensor) -> torch.Tensor:
        mean, covariance = moments(features)
        middle = MatrixRoot.apply(self.root @ covariance @ self.root)
        spread = (self.covariance + covariance - 2 * middle).diagonal()
        return ((mean - self.mean) ** 2 + spread).mean()


def nine_point_variation(image: torch.Tensor) -> torch.Tensor:
    """Return the mean squared differences to the eight neighbours of `[1, 3, H, W]`, about alike in all directions."""
    x = F.pad(image, (1, 1, 1, 1), mode="replicate")
    across = (x[:, :, 1:-1, 1:] - x[:, :, 1:-1, :-1]).square().mean()
    down = (x[:, :, 1:, 1:-1] - x[:, :, :-1, 1:-1]).square().mean()
    falling = (x[:, :, 1:, 1:] - x[:, :, :-1, :-1]).square().mean()
    rising = (x[:, :, 1:, :-1] - x[:, :, :-1, 1:]).square().mean()
    return 2 * ((across + down) / 3 + (falling + rising) / 12)
