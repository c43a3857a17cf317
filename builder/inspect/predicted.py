"""What a trained network sees in pictures: the class with its probabilities, boxes with their names and scores, masks, or numbers."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy
import torch
from PIL import Image, ImageColor, ImageDraw, ImageOps
from torch import Tensor, nn

from builder.catalogue import Dataset
from builder.catalogue.colours import box_colours, class_colours
from builder.data import DataError
from builder.data.own.pictures import brought, decoded, taken
from builder.data.own.places import MOST_FILE
from builder.tasks.classification import Classification
from builder.tasks.detection import Detection
from builder.tasks.regression import Regression
from builder.tasks.segmentation import Segmentation
from builder.tasks.yolo import detections
from builder.train.batches import Split, has_convolutions
from builder.train.device import Device
from builder.train.precision import computed

from .found import SURE
from .preview import probabilities

NO_CLASS = 255  # in a mask, of a pixel that the network was not shown
MOST_CLASSES, SHOWN = 5, 640  # that are told of a picture; pixels of the longer side of what is drawn
LIGHT = 140  # from this grey on a colour is light: black letters are read on it
SIDES = ("left", "top", "right", "bottom")
OVER = 0.5  # how much of a mask's colour lies over its picture

Record = dict[str, object]
TASKS = {"classification": lambda data, form: Classification(len(data.classes), form), "segmentation": lambda data, form: Segmentation(len(data.classes), form),
         "detection": lambda data, form: Detection(len(data.classes)), "regression": lambda data, form: Regression(data.targets)}


@dataclass(frozen=True)
class Network:
    """A trained network with what its pictures are to be: of the shape of `dataset`'s samples, brought to it as `fit` says, normalised by the `mean` and `std` of its training part.

    `form` is what its loss takes for targets, which says what its scores mean; boxes below the score `least` are not told; `inverted` pictures are shown to it as negatives.
    """

    model: nn.Module
    dataset: Dataset
    mean: tuple[float, ...]
    std: tuple[float, ...]
    device: Device
    form: str = "classes"
    precision: str = "float32"
    fit: str = "crop"
    inverted: bool = False
    least: float = SURE

    def sees(self, content: bytes) -> tuple[Record, Image.Image]:
        """What it makes of a picture's file, as plain values, and a picture of that; of masks the classes' numbers, with a palette, as large as the picture. Raises DataError."""
        picture = decoded(content, MOST_FILE)
        outputs = self._outputs(picture)
        told, shown = {"classification": self._classes, "detection": self._boxes, "segmentation": self._mask, "regression": self._numbers}[self.dataset.task](outputs, picture)
        return {"task": self.dataset.task, "width": picture.width, "height": picture.height, **told}, shown

    def looks_at(self, file: Path) -> tuple[Record, bytes, bytes]:
        """The same of a file, with its name: plain values, a PNG to look at, and of a segmentation the mask as a PNG; where it is no picture, why, and no PNG."""
        try:
            with file.open("rb") as stream:
                content = stream.read(MOST_FILE + 1)
            told, shown = self.sees(content)
        except (DataError, OSError) as error:
            return {"file": file.name, "says": str(getattr(error, "strerror", None) or error)}, b"", b""
        return {"file": file.name, **told}, png(over(content, shown)), png(shown) if self.dataset.task == "segmentation" else b""

    def _outputs(self, picture: Image.Image) -> Tensor:
        channels, height, width = self.dataset.shape
        # Before black is put around it.
        picture = ImageOps.invert(picture) if self.inverted else picture
        pixels = torch.from_numpy(numpy.array(brought(picture, (width, height), channels, self.fit)))[None]
        # As a part of the data is evaluated, to the last bit.
        part = Split(pixels, torch.zeros(1, dtype=torch.int64), self.mean, self.std, self.device, has_convolutions(self.model))
        self.model.eval()
        with torch.no_grad():
            outputs = computed(self.model, part.part(0, 1)[0], self.precision)
        TASKS[self.dataset.task](self.dataset, self.form).check(outputs)
        return outputs.cpu()

    def _classes(self, outputs: Tensor, picture: Image.Image) -> tuple[Record, Image.Image]:
        scores, names = outputs[0].float(), self.dataset.classes
        if self.form == "logits":
            shares = torch.cat([1 - scores.sigmoid(), scores.sigmoid()]) if len(scores) < len(names) else scores.sigmoid()
        else:
            shares = probabilities(scores) if self.form == "classes" else scores
        order = shares.argsort(descending=True, stable=True)[:MOST_CLASSES].tolist()
        return {"classes": [{"class": names[place], "share" if self.form != "one-hot" else "score": shares[place].item()} for place in order]}, _small(picture)

    def _boxes(self, outputs: Tensor, picture: Image.Image) -> tuple[Record, Image.Image]:
        left, top, across, down = taken(picture.size, self.dataset.shape[:0:-1], self.fit)
        [(boxes, scores, kinds)] = detections(outputs, self.least)
        # Back to the picture's own pixels; what lies in the black around it is cut off.
        ends = torch.tensor([left, top, left, top]) + boxes * torch.tensor([across, down, across, down])
        ends = ends.clamp(min=0).minimum(torch.tensor([*picture.size, *picture.size]))
        told = [{"class": self.dataset.classes[kind], "score": score, **dict(zip(SIDES, sides, strict=True))}
                for kind, score, sides in zip(kinds.tolist(), scores.tolist(), ends.tolist(), strict=True)]
        return {"boxes": told}, self._framed(picture, told, kinds.tolist())

    def _framed(self, picture: Image.Image, told: list[Record], kinds: list[int]) -> Image.Image:
        shown, shades = _small(picture), box_colours(len(self.dataset.classes))
        scale, pen = shown.width / picture.width, ImageDraw.Draw(shown)
        # The surest last, and all names over all edges.
        drawn = [(box, [scale * box[side] for side in SIDES], shades[kind]) for box, kind in zip(told, kinds, strict=True)][::-1]
        for _, (left, top, right, bottom), colour in drawn:
            pen.rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), outline=colour, width=2)
        for box, (left, top, _, _), colour in drawn:
            # The letters that are drawn with are those of Western Europe.
            says = f"{box['class']} {100 * box['score']:.0f} %".encode("latin-1", "replace").decode("latin-1")
            where = (left + 2, max(0, top - 12))
            pen.rectangle(pen.textbbox(where, says), fill=colour)
            pen.text(where, says, fill="white" if ImageColor.getcolor(f"rgb{colour}", "L") < LIGHT else "black")
        return shown

    def _mask(self, outputs: Tensor, picture: Image.Image) -> tuple[Record, Image.Image]:
        named = Segmentation(len(self.dataset.classes), self.form).named(outputs)[0].to(torch.uint8)
        left, top, across, down = taken(picture.size, self.dataset.shape[:0:-1], self.fit)
        mask = Image.new("P", picture.size, NO_CLASS)
        mask.putpalette(_palette(len(self.dataset.classes)))
        part = Image.fromarray(named.numpy()).resize((max(1, round(across)), max(1, round(down))), Image.Resampling.NEAREST)
        mask.paste(part, (round(left), round(top)))
        counts = numpy.bincount(numpy.asarray(mask).reshape(-1), minlength=NO_CLASS + 1)[:len(self.dataset.classes)]
        order = (-counts).argsort(kind="stable")
        return {"classes": [{"class": self.dataset.classes[place], "share": float(counts[place] / counts.sum())} for place in order.tolist() if counts[place]]}, mask

    def _numbers(self, outputs: Tensor, picture: Image.Image) -> tuple[Record, Image.Image]:
        return {"targets": [{"target": name, "value": value} for name, value in zip(self.dataset.targets, outputs[0].tolist(), strict=True)]}, _small(picture)


def over(picture: bytes, shown: Image.Image) -> Image.Image:
    """What is to be seen of a picture: a mask half transparent over it, anything else as it is."""
    if shown.mode != "P":
        return shown
    whole, known = decoded(picture, MOST_FILE).convert("RGB"), Image.fromarray(numpy.asarray(shown) != NO_CLASS)
    return _small(Image.composite(Image.blend(whole, shown.convert("RGB"), OVER), whole, known))


def png(image: Image.Image) -> bytes:
    """A picture's file."""
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def _small(picture: Image.Image) -> Image.Image:
    """A copy in colours, as large as is shown."""
    scale = min(1.0, SHOWN / max(picture.size))
    return picture.convert("RGB").resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))), Image.Resampling.BILINEAR)


def _palette(classes: int) -> list[int]:
    return [level for colour in class_colours(classes) for level in colour] + [255] * 3 * (NO_CLASS + 1 - classes)
