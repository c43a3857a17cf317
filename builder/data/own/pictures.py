"""One picture's file as pixels: few formats, few pixels, upright, grey or colour, of the size that is asked for."""

from __future__ import annotations

import io
import warnings

import numpy
from PIL import Image, ImageOps

from ..records import DataError

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
MOST_PIXELS = 50_000_000  # of one picture: a camera has 24 to 48 million
FITS = ("crop", "pad", "stretch")
WHITE = 255
SIXTEEN = ("I;16", "I;16L", "I;16B", "I;16N")


def decoded(content: bytes, most: int) -> Image.Image:
    """The picture upright, in mode L or RGB; raises DataError in words that complete "NAME: ". `most` is how many bytes a file may have."""
    if not content:
        raise DataError("it is empty")
    if len(content) > most:
        raise DataError(f"it unpacks to more than {most / 1e6:.0f} MB")
    try:
        with warnings.catch_warnings():
            # Our own limit comes right after, in words; Pillow's other warnings are about metadata.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                width, height = image.size
                if width * height > MOST_PIXELS:
                    raise DataError(f"it has {width:,}×{height:,} pixels; {MOST_PIXELS:,} are allowed")
                image.load()
                return plain(ImageOps.exif_transpose(image))
    except DataError:
        raise
    except Image.DecompressionBombError:
        raise DataError(f"it has far more pixels than the {MOST_PIXELS:,} that are allowed") from None
    except Image.UnidentifiedImageError:
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


def is_grey(image: Image.Image) -> bool:
    """Whether a picture has no colours, whatever its mode."""
    if image.mode == "L":
        return True
    small = image if image.width * image.height <= 10_000 else image.resize((64, 64), Image.Resampling.NEAREST)
    red, green, blue = (numpy.asarray(channel) for channel in small.split())
    return bool((red == green).all() and (green == blue).all())


def brought(image: Image.Image, side: int, channels: int, fit: str) -> numpy.ndarray:
    """The picture as uint8 (C side side): "crop" takes the largest square of its middle, "pad" puts black around, "stretch" changes its shape.

    Smaller pictures are enlarged, larger ones averaged down (bilinear with antialiasing); one that has the size already stays as it is.
    """
    image = image.convert("L" if channels == 1 else "RGB")
    if image.size != (side, side):
        if fit == "crop":
            image = ImageOps.fit(image, (side, side), Image.Resampling.BILINEAR)
        elif fit == "pad":
            image = ImageOps.pad(image, (side, side), Image.Resampling.BILINEAR)
        else:
            image = image.resize((side, side), Image.Resampling.BILINEAR)
    pixels = numpy.asarray(image)
    return pixels[None] if channels == 1 else numpy.moveaxis(pixels, 2, 0)
