"""One picture's file as pixels: few formats, few pixels, upright, grey or colour, of the size that is asked for."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy
from PIL import Image, ImageOps

from ..records import DataError

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
MOST_PIXELS = 50_000_000  # of one picture: a camera has 24 to 48 million
EXACT = ("PNG", "BMP", "GIF", "TIFF", "PPM")  # what keeps every number as it is
FITS = ("crop", "pad", "stretch")
WHITE = 255
Found = TypeVar("Found")
SIXTEEN = ("I;16", "I;16L", "I;16B", "I;16N")


def decoded(content: bytes, most: int, upright: bool = True, size: tuple[int, int] | None = None) -> Image.Image:
    """The picture in mode L or RGB, turned as its file says if it is to be upright; raises DataError in words that complete "NAME: ".

    `most` is how many bytes a file may have; `size` the width and height on which boxes or a mask were drawn: it is the other way around where it has these only so.
    """
    return _opened(content, most, FORMATS, lambda image: plain(_turned(image, upright, size)))


def _turned(image: Image.Image, upright: bool, size: tuple[int, int] | None) -> Image.Image:
    """The picture upright or as its pixels lie in the file, whichever is wanted; the other where that alone has the size. Programs to draw boxes with do one or the other."""
    wanted = ImageOps.exif_transpose(image) if upright else image
    if size in (None, wanted.size):
        return wanted
    other = image if upright else ImageOps.exif_transpose(image)
    return other if other.size == size else wanted


def numbers_of(content: bytes, most: int) -> numpy.ndarray:
    """The numbers of a mask, uint8 (H W): grey values or places of a palette, as they stand in the file. Raises DataError as `decoded`."""
    return _opened(content, most, EXACT, _numbers)


def _numbers(image: Image.Image) -> numpy.ndarray:
    if image.mode in ("RGB", "RGBA", "LA", "CMYK", "YCbCr", "PA") or image.mode not in ("L", "P", "1", *SIXTEEN, "I"):
        if image.mode == "LA" or image.mode in ("RGB", "RGBA") and is_grey(image.convert("RGB"), whole=True):
            return numpy.asarray(image)[..., 0].copy()
        raise DataError(f"it is a picture of {'fractions' if image.mode == 'F' else 'colours'} (mode {image.mode}); a mask has one whole number a pixel, grey or of a palette")
    values = numpy.asarray(image)
    if image.mode not in ("L", "P", "1") and (values.min() < 0 or values.max() > WHITE):
        raise DataError(f"it holds the numbers {values.min()} to {values.max()}; classes are 0 to 254, and 255 is of none")
    return values.astype(numpy.uint8)


def _opened(content: bytes, most: int, formats: Sequence[str], use: Callable[[Image.Image], Found]) -> Found:
    if not content:
        raise DataError("it is empty")
    if len(content) > most:
        raise DataError(f"it unpacks to more than {most / 1e6:.0f} MB")
    try:
        with warnings.catch_warnings():
            # Our own limit comes right after, in words; Pillow's other warnings are about metadata.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=formats) as image:
                width, height = image.size
                if width * height > MOST_PIXELS:
                    raise DataError(f"it has {width:,}×{height:,} pixels; {MOST_PIXELS:,} are allowed")
                image.load()
                return use(image)
    except DataError:
        raise
    except Image.DecompressionBombError:
        raise DataError(f"it has far more pixels than the {MOST_PIXELS:,} that are allowed") from None
    except Image.UnidentifiedImageError:
        if formats == EXACT and (lossy := "JPEG" if content[:2] == b"\xff\xd8" else "WebP" if content[8:12] == b"WEBP" else ""):
            raise DataError(f"it is a {lossy}, which changes the numbers of a mask; save masks as PNG") from None
        raise DataError(f"it is no picture: it begins with {content[:8]!a}") from None
    # Damaged files raise whatever the decoder meets first: OSError, SyntaxError, struct.error, zlib.error, ...
    except Exception as error:  # noqa: BLE001
        raise DataError(f"it is cut or damaged ({str(error)[:100].rstrip('.') or type(error).__name__})") from None


def plain(image: Image.Image) -> Image.Image:
    """Any mode as L or RGB: 16 bits and floats scaled to 8, what is transparent on white, the first picture of an animation."""
    if image.mode in SIXTEEN or image.mode in ("I", "F"):
        return Image.fromarray(_eight(numpy.asarray(image).astype(numpy.float64), image.mode))
    if image.mode in ("L", "RGB"):
        # One value may stand for "transparent" there too.
        if "transparency" not in image.info:
            return image.copy()
        image = image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    grey = image.mode in ("LA", "La")
    if grey or image.mode in ("RGBA", "RGBa", "PA") or image.mode == "P" and "transparency" in image.info:
        over = image.convert("RGBA")
        whole = Image.new("RGBA", over.size, (WHITE,) * 4)
        return Image.alpha_composite(whole, over).convert("L" if grey else "RGB")
    return image.convert("RGB")


def _eight(values: numpy.ndarray, mode: str) -> numpy.ndarray:
    """Grey values of more than 8 bits as uint8; floats are taken to lie between 0 and 1, 255 or 65,535, whichever holds them all."""
    values = numpy.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    high = float(values.max(initial=0.0))
    top = 1.0 if mode == "F" and high <= 1 else 255.0 if high <= 255 and mode in ("F", "I") else 65535.0 if high <= 65535 else high
    return (values.clip(0, top) * (255 / top)).round().astype(numpy.uint8)


def is_grey(image: Image.Image, whole: bool = False) -> bool:
    """Whether a picture has no colours, whatever its mode; a large one is looked at here and there unless `whole`."""
    if image.mode == "L":
        return True
    small = image if whole or image.width * image.height <= 10_000 else image.resize((64, 64), Image.Resampling.NEAREST)
    red, green, blue = (numpy.asarray(channel) for channel in small.split())
    return bool((red == green).all() and (green == blue).all())


def fitted(image: Image.Image, size: tuple[int, int], fit: str, how: Image.Resampling, around: int = 0) -> numpy.ndarray:
    """The picture of this width and height, uint8 (H W ...); `around` is what "pad" puts beside it. A mask stays on its picture this way."""
    if image.size == size:
        return numpy.asarray(image)
    if fit == "crop":
        return numpy.asarray(ImageOps.fit(image, size, how))
    if fit == "pad":
        return numpy.asarray(ImageOps.pad(image, size, how, around if image.mode == "L" else None))
    return numpy.asarray(image.resize(size, how))


def brought(image: Image.Image, size: tuple[int, int], channels: int, fit: str) -> numpy.ndarray:
    """The picture of this width and height as uint8 (C H W): "crop" takes the largest part of its middle of that form, "pad" puts black around, "stretch" changes its form.

    Smaller pictures are enlarged, larger ones averaged down (bilinear with antialiasing); one that has the size already stays as it is.
    """
    pixels = fitted(image.convert("L" if channels == 1 else "RGB"), size, fit, Image.Resampling.BILINEAR)
    return pixels[None] if channels == 1 else numpy.moveaxis(pixels, 2, 0)


def taken(size: tuple[int, int], to: tuple[int, int], fit: str) -> tuple[float, float, float, float]:
    """Which part of a picture of this width and height `fitted` makes into one of another: left and top in its pixels, width and height; of "pad" it reaches beyond the picture."""
    (width, height), (wide, high) = size, to
    if fit == "crop":
        # ImageOps.fit takes the largest part of the middle, to parts of a pixel.
        form = wide / high
        across, down = (form * height, height) if width / height >= form else (width, width / form)
        return (width - across) / 2, (height - down) / 2, across, down
    if fit == "pad":
        # ImageOps.pad rounds the shorter side and what is put beside it.
        inner_wide, inner_high = (wide, round(height / width * wide)) if width / height >= wide / high else (round(width / height * high), high)
        left, top = (-round((outer - inner) / 2) * whole / max(inner, 1) for outer, inner, whole in ((wide, inner_wide, width), (high, inner_high, height)))
        return left, top, wide * width / max(inner_wide, 1), high * height / max(inner_high, 1)
    return 0.0, 0.0, width, height
