"""The layer chooser: which of VGG19's 16 convolutions hold content and style, tried on a live picture."""

import time
from collections.abc import Iterator
from typing import Any

import ipywidgets as widgets
import numpy as np

from ..layers import CONV_LAYERS
from ..settings import Settings
from ..transfer import StyleTransfer
from ..vgg import FeatureExtractor
from .live import LivePicture
from .panel import button, callback, jpeg, row

CARD = "176px"
THUMB = widgets.Layout(width="80px", height="54px", margin="2px", object_fit="cover")
OFF = dict.fromkeys(CONV_LAYERS, 0.0)
TEXTURE_SIDE, TEXTURE_STEPS = 48, 20
PRESSED = {"content": "success", "style": "info"}


def layer_textures(style: np.ndarray, **options: Any) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each convolution's name and the texture, `[1, h, h, 3]`, that its Gram matrix alone makes of noise.

    Args:
        style: `[1, H, W, 3]`, 0..1.
        options: further arguments of `StyleTransfer`.
    """
    noise = 0.45 + 0.1 * np.random.default_rng(0).random((1, TEXTURE_SIDE, TEXTURE_SIDE, 3), np.float32)
    run = StyleTransfer(
        noise, style, alpha=0, beta=1, gamma=0, content_layers=CONV_LAYERS[0], style_layers=CONV_LAYERS, **options
    )
    start, terms = run.state(), run.snapshot.losses.style_layers
    for layer in CONV_LAYERS:
        run.restore(start)
        run.style_layers = OFF | {layer: 1 / max(terms[layer], 1e-9)}
        yield layer, run.run(TEXTURE_STEPS, progress=False)[-1].image


class LayerChooser(LivePicture):
    """The 16 convolutions of VGG19 as cards, block by block: choose one for content, any for style.

    Each card shows where its layer is active in the content image, and the texture that its statistics make of noise.
    Style layers and their weights act at once, during the run; another content layer continues from the present
    picture.

    Args:
        content, style: `[1, H, W, 3]`, 0..1; small ones answer faster.
        options: further arguments of `StyleTransfer`.
    """

    def __init__(self, content: np.ndarray, style: np.ndarray, **options: Any):
        chosen = Settings(**{name: options[name] for name in ("content_layers", "style_layers") if name in options})
        self.style = style
        self._network = {name: options[name] for name in ("weights", "pooling", "precision") if name in options}
        # layers that weigh nothing are part of the run, so that they can be switched on
        options |= {
            "content_layers": next(iter(chosen.content_layers)),
            "style_layers": OFF | dict(chosen.style_layers),
        }
        super().__init__(content, style, **options)
        make = self._make
        self._make = lambda **changed: make(**self._choice() | changed)
        self._choosing = False
        maps = FeatureExtractor(CONV_LAYERS, **self._network)(content)
        self.maps, self.textures, self.content_on, self.style_on, self.factor = {}, {}, {}, {}, {}
        cards = [self._card(layer, maps[layer].numpy(), chosen.style_layers.get(layer, 0.0)) for layer in CONV_LAYERS]
        self.paint = button("paint textures", "what each layer's Gram matrix knows of the style, in about 10 seconds")
        self.paint.on_click(self.paint_textures)
        self.view.layout = widgets.Layout(width="100%", grid_area="1 / 3 / 3 / 5", object_fit="contain")
        grid = widgets.GridBox(
            [self.view, *cards], layout=widgets.Layout(grid_template_columns=f"repeat(4, {CARD})", grid_gap="4px 10px")
        )
        self.box.children = [row(self.beta, self.play, self.ten, self.again, self.paint), self.status, grid]

    def _card(self, layer: str, features: np.ndarray, weight: float) -> widgets.VBox:
        """Return a card: two thumbnails, two buttons and a weight."""
        self.maps[layer] = widgets.Image(value=jpeg(_brightness(features)), format="jpeg", layout=THUMB)
        self.textures[layer] = widgets.Image(value=jpeg(np.full((2, 2, 3), 0.93)), format="jpeg", layout=THUMB)
        self.content_on[layer] = _toggle(
            "content", layer == self.content_layer, f"keep what {layer} sees of the content image"
        )
        self.style_on[layer] = _toggle("style", weight > 0, f"match the statistics of {layer}")
        self.factor[layer] = widgets.BoundedFloatText(
            weight or 1.0, min=0, max=1000, step=0.5, description="weight ×", layout={"width": "164px"}
        )
        self.content_on[layer].observe(lambda change: self.choose_content(layer, change["new"]), "value")
        for widget in (self.style_on[layer], self.factor[layer]):
            widget.observe(self.change_style, "value")
        rows = [
            widgets.HTML(f"<b>{layer}</b>"),
            widgets.HBox([self.maps[layer], self.textures[layer]]),
            widgets.HBox([self.content_on[layer], self.style_on[layer]]),
            self.factor[layer],
        ]
        place = f"{layer[5]} / {layer[-1]}"  # its block, its number in the block
        return widgets.VBox(rows, layout=widgets.Layout(grid_area=place, border="1px solid #ccc", padding="2px"))

    @property
    def content_layer(self) -> str:
        """The content layer of the run."""
        return next(iter(self.transfer.settings.content_layers))

    def _choice(self) -> dict[str, Any]:
        """Return the layers that the cards show, as arguments of `StyleTransfer`."""
        weights = {layer: self.style_on[layer].value * self.factor[layer].value for layer in CONV_LAYERS}
        return {"content_layers": self.content_layer, "style_layers": weights}

    def choose_content(self, layer: str, pressed: bool) -> None:
        """Switch to another content layer, or keep the present one pressed, since there is always one."""
        if self._choosing:
            return
        if pressed:
            self._wanted = layer
            self.change_content()
        self._choosing = True
        for name, toggle in self.content_on.items():
            toggle.value = name == self.content_layer
            _color(toggle)
        self._choosing = False

    @callback
    def change_content(self) -> None:
        """Continue from the present picture with the chosen content layer; this compiles a new step."""
        self.say(f"one moment: compiling the step for {self._wanted} …")
        with self._lock:
            image = self.transfer.image.numpy()
            self.transfer = self._make(init=image, content_layers=self._wanted, beta=self.beta.value)
            self.show()

    @callback
    def change_style(self) -> None:
        """Set the style layers' weights from the next iteration on."""
        with self._lock:
            for toggle in self.style_on.values():
                _color(toggle)
            self.transfer.style_layers = self._choice()["style_layers"]
            self.show()

    @callback
    def paint_textures(self) -> None:
        """Paint the texture of each layer's Gram matrix, card by card."""
        with self._lock:
            self.say("one moment: compiling …")
            start = time.monotonic()
            for done, (layer, texture) in enumerate(layer_textures(self.style, **self._network), 1):
                self.textures[layer].value = jpeg(texture)
                left = (time.monotonic() - start) / done * (len(CONV_LAYERS) - done)
                self.say(f"painted {layer}, {done} of {len(CONV_LAYERS)}, about {left:.0f} s left")
            self.paint.disabled = True


def _toggle(role: str, on: bool, tooltip: str) -> widgets.ToggleButton:
    toggle = widgets.ToggleButton(on, description=role, tooltip=tooltip, layout={"width": "80px", "margin": "2px"})
    _color(toggle)
    return toggle


def _color(toggle: widgets.ToggleButton) -> None:
    toggle.button_style = PRESSED[toggle.description] if toggle.value else ""


def _brightness(features: np.ndarray) -> np.ndarray:
    """Return how active a layer `[1, h, w, C]` is at each position, as a grey picture `[h, w, 3]`, 0..1."""
    strength = features[0].mean(axis=-1, keepdims=True)  # (h, w, 1)
    return (strength / max(float(strength.max()), 1e-9)).repeat(3, axis=-1)
