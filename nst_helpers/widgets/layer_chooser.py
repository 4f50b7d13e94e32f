"""The layer chooser: which of VGG19's 16 convolutions hold content and style, tried on a live picture."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import ipywidgets as widgets
import numpy as np

from ..layers import CONV_LAYERS
from ..settings import Settings
from ..transfer import StyleTransfer
from ..vgg import FeatureExtractor
from .live import LivePicture
from .panel import jpeg, told

CARD = "176px"
THUMB = widgets.Layout(width="80px", height="54px", margin="2px", object_fit="cover")


def layer_textures(
    style: np.ndarray, *, size: int = 48, steps: int = 20, **options: Any
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each convolution's name and the texture, `[1, size, size, 3]`, that its Gram matrix alone makes of noise.

    Args:
        style: `[1, H, W, 3]`, 0..1.
        size: side of the textures in pixels.
        steps: iterations for each.
        options: further arguments of `StyleTransfer`.

    Built in notebooks/07_layer_choice.
    """
    noise = 0.45 + 0.1 * np.random.default_rng(0).random((1, size, size, 3), np.float32)
    run = StyleTransfer(
        noise, style, alpha=0, beta=1, gamma=0, content_layer=CONV_LAYERS[0], style_layers=CONV_LAYERS, **options
    )
    start, terms = run.state(), run.snapshot.losses.style_layers
    for layer in CONV_LAYERS:
        run.restore(start)
        run.style_layers = dict.fromkeys(CONV_LAYERS, 0.0) | {layer: 1 / max(terms[layer], 1e-9)}
        yield layer, run.run(steps, progress=False)[-1].image


class LayerChooser(LivePicture):
    """The 16 convolutions of VGG19 as cards, block by block: press one for content, any for style, and see the picture.

    Each card shows where in the content image its layer fires, and what texture its statistics make of noise. Style
    layers and their weights act at once, during the run; another content layer goes on from the present picture.

    Args:
        content, style: `[1, H, W, 3]`, 0..1; small ones answer faster.
        textures: layer to texture, as `layer_textures` makes them; when left out a button paints them.
        options: further arguments of `StyleTransfer`.

    Built in notebooks/07_layer_choice.
    """

    def __init__(
        self,
        content: np.ndarray,
        style: np.ndarray,
        *,
        textures: Mapping[str, np.ndarray] | None = None,
        **options: Any,
    ):
        chosen = Settings(**{name: options[name] for name in ("content_layer", "style_layers") if name in options})
        self.style = style
        self._network = {name: options[name] for name in ("weights", "pooling", "precision") if name in options}
        off = dict.fromkeys(
            CONV_LAYERS, 0.0
        )  # layers that weigh nothing are there too, so that they can be switched on
        options |= {"content_layer": chosen.content_layer, "style_layers": off | dict(chosen.style_layers)}
        super().__init__(content, style, **options)
        self._make = lambda init="content", **choice: StyleTransfer(
            content,
            style,
            **{"learning_rate": 0.01, "schedule": "constant"} | options | self._choice() | {"init": init} | choice,
        )
        self._choosing = False
        maps = FeatureExtractor(CONV_LAYERS, **self._network)(content)
        self.maps, self.textures, self.content_on, self.style_on, self.factor = {}, {}, {}, {}, {}
        for layer in CONV_LAYERS:
            self._make_widgets(layer, maps[layer].numpy(), chosen.style_layers.get(layer, 0.0))
        self.paint = widgets.Button(
            description="paint textures",
            tooltip="what each layer's Gram matrix knows of the style, in about 10 seconds",
        )
        self.paint.on_click(self.paint_textures)
        self.view.layout = widgets.Layout(width="100%", grid_area="1 / 3 / 3 / 5", object_fit="contain")
        cards = widgets.GridBox(
            [self.view, *(self._card(layer) for layer in CONV_LAYERS)],
            layout=widgets.Layout(grid_template_columns=f"repeat(4, {CARD})", grid_gap="4px 10px"),
        )
        controls = widgets.HBox([self.beta, self.play, self.ten, self.again, self.paint])
        controls.layout.flex_flow = "row wrap"
        self.box.children = [controls, self.status, cards]
        for layer, texture in (textures or {}).items():
            self._show_texture(layer, texture)

    def _make_widgets(self, layer: str, features: np.ndarray, weight: float) -> None:
        """Make a card's two thumbnails, two buttons and weight, and connect them."""
        self.maps[layer] = widgets.Image(value=jpeg(_brightness(features)), format="jpeg", layout=THUMB)
        self.textures[layer] = widgets.Image(value=jpeg(np.full((2, 2, 3), 0.93)), format="jpeg", layout=THUMB)
        half = widgets.Layout(width="80px", margin="2px")
        self.content_on[layer] = widgets.ToggleButton(
            layer == self.transfer.settings.content_layer,
            description="content",
            button_style="success" if layer == self.transfer.settings.content_layer else "",
            tooltip=f"keep what {layer} sees of the content image",
            layout=half,
        )
        self.style_on[layer] = widgets.ToggleButton(
            weight > 0,
            description="style",
            button_style="info" if weight > 0 else "",
            tooltip=f"match the statistics of {layer}",
            layout=half,
        )
        self.factor[layer] = widgets.BoundedFloatText(
            weight or 1.0,
            min=0,
            max=1000,
            step=0.5,
            description="weight ×",
            layout={"width": "164px"},
        )
        self.content_on[layer].observe(lambda change: self.choose_content(layer, change["new"]), "value")
        for widget in (self.style_on[layer], self.factor[layer]):
            widget.observe(self.change_style, "value")

    def _card(self, layer: str) -> widgets.VBox:
        block, conv = int(layer[5]), int(layer[-1])
        rows = [
            widgets.HTML(f"<b>{layer}</b>"),
            widgets.HBox([self.maps[layer], self.textures[layer]]),
            widgets.HBox([self.content_on[layer], self.style_on[layer]]),
            self.factor[layer],
        ]
        return widgets.VBox(
            rows, layout=widgets.Layout(grid_area=f"{block} / {conv}", border="1px solid #ccc", padding="2px")
        )

    def _choice(self) -> dict[str, Any]:
        """Return what the cards say, as arguments of `StyleTransfer`."""
        weights = {layer: self.style_on[layer].value * self.factor[layer].value for layer in CONV_LAYERS}
        return {"content_layer": self.transfer.settings.content_layer, "style_layers": weights}

    def choose_content(self, layer: str, pressed: bool) -> None:
        """Take another content layer, or keep the present one pressed: there is always one."""
        if self._choosing:
            return
        if pressed:
            self._wanted = layer
            self.change_content()
        self._choosing = True
        for name, button in self.content_on.items():
            button.value = name == self.transfer.settings.content_layer
            button.button_style = "success" if button.value else ""
        self._choosing = False

    @told
    def change_content(self) -> None:
        """Go on from the present picture with the wanted content layer, for which a new step is compiled."""
        self.say(f"one moment: compiling the step for {self._wanted} …")
        with self._lock:
            self.transfer = self._make(init=self.transfer.image.numpy(), content_layer=self._wanted)
            self.transfer.beta = self.beta.value
            self.show()

    @told
    def change_style(self) -> None:
        """Give the style layers' weights to the run; the next iteration goes by them."""
        with self._lock:
            for button in self.style_on.values():
                button.button_style = "info" if button.value else ""
            self.transfer.style_layers = self._choice()["style_layers"]
            self.show()

    @told
    def paint_textures(self) -> None:
        """Paint what each layer's Gram matrix knows of the style, one card after the other."""
        with self._lock:
            self.say("one moment: compiling …")
            start = time.monotonic()
            for done, (layer, texture) in enumerate(layer_textures(self.style, **self._network), 1):
                self._show_texture(layer, texture)
                left = (time.monotonic() - start) / done * (len(CONV_LAYERS) - done)
                self.say(f"painted {layer}, {done} of {len(CONV_LAYERS)}, about {left:.0f} s left")
            self.paint.disabled = True

    def _show_texture(self, layer: str, texture: np.ndarray) -> None:
        self.textures[layer].value = jpeg(texture)


def _brightness(features: np.ndarray) -> np.ndarray:
    """Return where a layer `[1, h, w, C]` fires as a gray picture `[h, w, 3]`, 0..1."""
    strength = features[0].mean(axis=-1, keepdims=True)  # (h, w, 1)
    return (strength / max(float(strength.max()), 1e-9)).repeat(3, axis=-1)
