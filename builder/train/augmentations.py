"""What augmentations do to a batch of images on its device.

Each function takes images float32 (N C H W) on the scale 0 to 1, `chance` (N draws), the random numbers from 0 to below 1 of each image, and the parameters
that its record in builder.catalogue.augmentation declares; it returns images of the same shape. What becomes of an image follows from its own numbers, to the last
bit, whatever else is in the batch: nothing here is summed over the batch or by an algorithm that is chosen by its size. An exported training holds the
text of these very functions.
"""

from __future__ import annotations

import math

import torch


def sampled(images, x, y, fill=0.0, interpolation="bilinear"):
    """The images at the places x and y (N H W), counted in pixels from the middle of the first one; `fill` outside."""
    height, width = images.shape[2:]
    grid = torch.stack([(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], 3)
    return torch.nn.functional.grid_sample(images - fill, grid, mode=interpolation, align_corners=False) + fill


def places(images):
    """Where each pixel lies, counted in pixels from the middle of the image: x (W) and y (H 1)."""
    height, width = images.shape[2:]
    x, y = (torch.arange(size, device=images.device) - (size - 1) / 2 for size in (width, height))
    return x, y[:, None]


def coordinates(images):
    """Where the middle of each pixel of the images lies, across and down as shares of the sides (N 2 H W): moved as the images are, it tells where what is seen came from."""
    count, _, height, width = images.shape
    x, y = ((torch.arange(size, device=images.device) + 0.5) / size for size in (width, height))
    return torch.stack([x.expand(height, width), y[:, None].expand(height, width)]).expand(count, 2, height, width)


def surrounded(boxes, origin):
    """Boxes (N M 5) as left, top, right, bottom and class number, moved with images of which `origin` (N 2 H W) tells where each pixel came from: each becomes the box around the
    pixels that came from inside it, and none where there are none left."""
    (x, y), (height, width), moved = origin.unbind(1), origin.shape[2:], []
    for box in boxes.unbind(1):
        left, top, right, bottom, kind = (number[:, None, None] for number in box.unbind(1))
        inside = (x >= left) & (x < right) & (y >= top) & (y < bottom) & (kind >= 0)  # N H W
        across, down = inside.any(1).float(), inside.any(2).float()
        edges = [across.argmax(1) / width, down.argmax(1) / height, 1 - across.flip(1).argmax(1) / width, 1 - down.flip(1).argmax(1) / height]
        there = across.any(1)
        moved.append(torch.stack([*(torch.where(there, edge, 0.0) for edge in edges), torch.where(there, box[:, 4], -1.0)], 1))
    return torch.stack(moved, 1)


def between(chance, low, high):
    """Random numbers from `low` to below `high` (N 1 1)."""
    return (low + (high - low) * chance)[:, None, None]


def some(chance, p, changed, images):
    """The changed images where their random number (N) is below p, else the images."""
    return torch.where((chance < p)[:, None, None, None], changed, images)


def grey(images):
    """The luminance (ITU-R BT.601) of images of three channels, the mean of others' channels (N 1 H W)."""
    if images.shape[1] != 3:
        return sum(images.unbind(1))[:, None] / images.shape[1]
    red, green, blue = images.split(1, 1)
    return 0.2989 * red + 0.587 * green + 0.114 * blue


def mean_grey(images):
    """The mean luminance of each image (N 1 1 1)."""
    # Summed as whole numbers, which come to the same in whatever order.
    total = (grey(images) * 65536).round().long().sum((2, 3), keepdim=True)
    return total.float() / (65536 * images.shape[2] * images.shape[3])


def mixed(images, others, share):
    """So much of the images and the rest of the others, on the scale 0 to 1; share (N)."""
    share = share[:, None, None, None]
    return (share * images + (1 - share) * others).clamp(0, 1)


def hashed(chance, count):
    """So many whole numbers of 64 bits for each row of two random numbers (N count): splitmix64 (Steele, Lea & Flood 2014), which needs no state."""
    key = (chance[:, 0] * 2**24).long() << 32 | (chance[:, 1] * 2**24).long()
    bits = key[:, None] + torch.arange(1, count + 1, device=chance.device) * -7046029254386353131
    for shift, factor in ((30, -4658895280553007687), (27, -7723592293110705685)):
        bits = bits.bitwise_xor_((bits >> shift).bitwise_and_((1 << 64 - shift) - 1)).mul_(factor)
    return bits.bitwise_xor_((bits >> 31).bitwise_and_((1 << 33) - 1))


def noise(chance, count):
    """Nearly normal numbers of mean 0 and standard deviation 1 (N count): the sum of the eight bytes of a whole number."""
    bits = hashed(chance, count)
    pairs = (bits & 0x00FF00FF00FF00FF).add_(bits.bitwise_right_shift_(8).bitwise_and_(0x00FF00FF00FF00FF))
    total = pairs.mul_(0x0001000100010001).bitwise_right_shift_(48).bitwise_and_(0xFFFF)
    return total.sub_(1020).float().div_(209.022327)  # eight times the variance of a byte, (256² - 1) / 12, under the root


def random_crop(images, chance, padding, padding_mode, fill):
    """Every image shifted by whole pixels, as if it were padded and cut out."""
    shift, read, inside = ((2 * padding + 1) * chance).long() - padding, [], []
    for axis, size in enumerate(images.shape[2:]):
        place = shift[:, axis, None] + torch.arange(size, device=images.device)  # N size
        inside.append((place >= 0) & (place < size))
        if padding_mode == "reflect":
            place = (size - 1) - ((size - 1) - place.abs()).abs()
        read.append(place.clamp(0, size - 1))
    first, channel = (torch.arange(size, device=images.device) for size in images.shape[:2])
    cut = images[first[:, None, None, None], channel[:, None, None], read[0][:, None, :, None], read[1][:, None, None, :]]
    return torch.where(inside[0][:, None, :, None] & inside[1][:, None, None, :], cut, fill) if padding_mode == "constant" else cut


def random_horizontal_flip(images, chance, p):
    """Some of the images mirrored, left for right."""
    return some(chance[:, 0], p, images.flip(3), images)


def random_vertical_flip(images, chance, p):
    """Some of the images upside down."""
    return some(chance[:, 0], p, images.flip(2), images)


def random_rotation(images, chance, degrees, interpolation, fill):
    """Every image turned around its middle."""
    angle = between(chance[:, 0], -math.radians(degrees), math.radians(degrees))
    x, y = places(images)
    cos, sin, (height, width) = angle.cos(), angle.sin(), images.shape[2:]
    return sampled(images, cos * x - sin * y + (width - 1) / 2, sin * x + cos * y + (height - 1) / 2, fill, interpolation)


def random_affine(images, chance, degrees, translate, scale, shear, interpolation, fill):
    """Every image turned, shifted by whole pixels, scaled and slanted."""
    x, y = places(images)
    height, width = images.shape[2:]
    turn = between(chance[:, 0], -math.radians(degrees), math.radians(degrees))
    x = x - between(chance[:, 1], -translate[0] * width, translate[0] * width).round()
    y = y - between(chance[:, 2], -translate[1] * height, translate[1] * height).round()
    size, slant = between(chance[:, 3], *scale), between(chance[:, 4], -math.radians(shear), math.radians(shear)).tan()
    cos, sin = turn.cos(), turn.sin()
    across = ((cos - sin * slant) * x + (cos * slant + sin) * y) / size
    down = (cos * y - sin * x) / size
    return sampled(images, across + (width - 1) / 2, down + (height - 1) / 2, fill, interpolation)


def random_resized_crop(images, chance, scale, ratio, interpolation):
    """A part of every image, of whole pixels, as large as the image; what would be larger than the image is cut off at its edge."""
    height, width = images.shape[2:]
    area = between(chance[:, 0], *scale) * height * width
    ratio = between(chance[:, 1], math.log(ratio[0]), math.log(ratio[1])).exp()
    wide, high = (area * ratio).sqrt().round().clamp(1, width), (area / ratio).sqrt().round().clamp(1, height)
    left, top = ((draw[:, None, None] * (room + 1)).floor().minimum(room) for draw, room in ((chance[:, 2], width - wide), (chance[:, 3], height - high)))
    x, y = places(images)
    # Between the pixels of the part alone: those around it are not there any more.
    x = ((x + width / 2) * wide / width - 0.5).clamp(min=0).minimum(wide - 1) + left
    y = ((y + height / 2) * high / height - 0.5).clamp(min=0).minimum(high - 1) + top
    x, y = x.expand(-1, height, -1), y.expand(-1, -1, width)
    return sampled(images, x, y, 0.0, interpolation)


def random_perspective(images, chance, distortion_scale, p, interpolation, fill):
    """Some of the images with their corners moved inwards, straight lines staying straight."""
    height, width = images.shape[2:]
    moves = chance[:, 1:].reshape(-1, 4, 2) * distortion_scale / 2 * torch.tensor([width, height], device=images.device)
    # The corners where they come to lie: top left, top right, bottom right, bottom left.
    corner = torch.tensor([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], device=images.device)
    end = corner + moves * torch.tensor([[1, 1], [-1, 1], [-1, -1], [1, -1]], device=images.device)
    # The plane that takes the square to them, in closed form (Heckbert 1989, section 2.2.3), and its inverse by cofactors.
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = (place.unbind(1) for place in end.unbind(1))
    dx1, dx2, sx, dy1, dy2, sy = x1 - x2, x3 - x2, x0 - x1 + x2 - x3, y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    under = dx1 * dy2 - dx2 * dy1
    g, h = (sx * dy2 - dx2 * sy) / under, (dx1 * sy - sx * dy1) / under
    a, b, c, d, e, f = x1 - x0 + g * x1, x3 - x0 + h * x3, x0, y1 - y0 + g * y1, y3 - y0 + h * y3, y0
    back = (e - f * h, c * h - b, b * f - c * e, f * g - d, a - c * g, c * d - a * f, d * h - e * g, b * g - a * h, a * e - b * d)
    x, y = torch.arange(width, device=images.device), torch.arange(height, device=images.device)[:, None]
    u, v, w = ((one[:, None, None] * x + two[:, None, None] * y + three[:, None, None]) for one, two, three in (back[:3], back[3:6], back[6:]))
    return some(chance[:, 0], p, sampled(images, u / w * (width - 1), v / w * (height - 1), fill, interpolation), images)


def smoothed(images, kernels):
    """Images (N C H W) under a window of the weights (N taps) across and down, mirrored at their edges."""
    taps, (height, width) = kernels.shape[1], images.shape[2:]
    for axis, size in ((3, width), (2, height)):
        place = (torch.arange(taps, device=images.device) - taps // 2)[:, None] + torch.arange(size, device=images.device)
        place = (size - 1) - ((size - 1) - place.abs()).abs()
        # One tap after the other: a convolution's sums would depend on the algorithm that is chosen for it.
        images = sum(kernels[:, tap, None, None, None] * images.index_select(axis, place[tap].clamp(0, size - 1)) for tap in range(taps))
    return images


def bells(spread, taps):
    """Bell curves of the standard deviations spread (N) that sum to 1 (N taps)."""
    weights = [torch.exp(-0.5 * ((tap - taps // 2) / spread) ** 2) for tap in range(taps)]
    return torch.stack(weights, 1) / sum(weights)[:, None]


def elastic_transform(images, chance, alpha, sigma, interpolation, fill):
    """Every image with its pixels moved, neighbours together."""
    count, _, height, width = images.shape
    # In each direction evenly from -1 to 1, then smoothed over neighbours.
    moves = hashed(chance, 2 * height * width).reshape(count, 2, height, width) >> 40
    moves = moves.float() / 2**23
    taps = min(2 * round(4 * sigma) + 1, 2 * min(height, width) - 1)
    moves = alpha / 2 * smoothed(moves, bells(torch.full((count,), sigma, device=images.device), taps))
    x, y = torch.arange(width, device=images.device), torch.arange(height, device=images.device)[:, None]
    return sampled(images, x + moves[:, 0], y + moves[:, 1], fill, interpolation)


def color_jitter(images, chance, brightness, contrast, saturation, hue):
    """Every image brighter or darker, with more or less contrast and colour, and with its colours turned around the circle."""
    factors = [(max(0.0, 1 - most) + (1 + most - max(0.0, 1 - most)) * chance[:, draw]) for draw, most in enumerate((brightness, contrast, saturation))]
    if brightness:
        images = mixed(images, torch.zeros_like(images), factors[0])
    if contrast:
        images = mixed(images, mean_grey(images), factors[1])
    if images.shape[1] != 3:
        return images
    if saturation:
        images = mixed(images, grey(images), factors[2])
    return turned(images, between(chance[:, 3], -hue, hue)) if hue else images


def turned(images, hue):
    """Images of three channels with their colours turned by so much (N 1 1) of the circle, in the HSV model."""
    red, green, blue = images.unbind(1)
    value, low = images.amax(1), images.amin(1)
    span = value - low
    safe = torch.where(span > 0, span, 1.0)
    at = torch.where(value == red, (green - blue) / safe, torch.where(value == green, (blue - red) / safe + 2, (red - green) / safe + 4))
    at = at + 6 * hue
    # https://en.wikipedia.org/wiki/HSL_and_HSV#HSV_to_RGB_alternative
    sides = [(at + first) % 6 for first in (5, 3, 1)]
    return torch.stack([value - span * torch.minimum(side, 4 - side).clamp(0, 1) for side in sides], 1)


def random_grayscale(images, chance, p):
    """Some of the images without colours."""
    return some(chance[:, 0], p, grey(images).expand_as(images), images)


def random_invert(images, chance, p):
    """Some of the images as negatives."""
    return some(chance[:, 0], p, 1 - images, images)


def random_solarize(images, chance, threshold, p):
    """Some of the images with the pixels above a threshold as negatives."""
    return some(chance[:, 0], p, torch.where(images >= threshold, 1 - images, images), images)


def random_posterize(images, chance, bits, p):
    """Some of the images in few levels of brightness."""
    return some(chance[:, 0], p, posterized(images, 2**bits), images)


def posterized(images, levels):
    """Images in so many levels of brightness."""
    return (images * levels).floor().clamp(0).minimum(torch.as_tensor(levels - 1.0, device=images.device)) / levels


def random_autocontrast(images, chance, p):
    """Some of the images with each channel stretched from black to white."""
    return stretched(images, chance[:, 0] < p)


def stretched(images, where):
    """Images with each channel from black to white `where` (N) that is so; a channel of one value stays."""
    low, high = (end[:, :, None, None] for end in images.permute(0, 2, 3, 1).flatten(1, 2).aminmax(dim=1))
    stretches = where[:, None, None, None] & (high > low)
    # Those that stay are divided by 1, which leaves every bit as it is.
    return images.sub(torch.where(stretches, low, 0.0)).div_(torch.where(stretches, high - low, 1.0)).clamp_(0, 1)


def random_equalize(images, chance, p):
    """Some of the images with their levels of brightness spread evenly."""
    return some(chance[:, 0], p, equalized(images), images)


def equalized(images):
    """Images whose 256 levels are moved so that each channel has about as many pixels of one as of another, as in Pillow; where that gives no levels, they stay."""
    count, channels, height, width = images.shape
    levels = (images * 255.999).long().reshape(count * channels, height * width)
    # Counted as whole numbers, each channel of each image in 256 places of its own.
    first = 256 * torch.arange(count * channels, device=images.device)[:, None]
    found = (levels + first).flatten().bincount(minlength=256 * count * channels).reshape(-1, 256)
    step = (height * width - found.gather(1, levels.amax(1, keepdim=True))) // 255
    to = (found.cumsum(1) - found + step // 2) // step.clamp(min=1)
    spread = to.clamp(0, 255).gather(1, levels).reshape(images.shape).float() / 255
    return torch.where(step.reshape(count, channels, 1, 1) > 0, spread, images)


def random_adjust_sharpness(images, chance, sharpness_factor, p):
    """Some of the images sharper or blurred; the pixels at the edge stay."""
    return some(chance[:, 0], p, sharpened(images, torch.full_like(chance[:, 0], sharpness_factor)), images)


def sharpened(images, factor):
    """Images sharper where their factor (N) is above 1, and blurred where it is below; the pixels at the edge stay."""
    height, width = images.shape[2:]
    if min(height, width) <= 2:
        return images
    rows = [images[:, :, first:height - 2 + first] for first in range(3)]
    near = sum(row[..., first:width - 2 + first] for row in rows for first in range(3))
    blurred = images.clone()
    blurred[:, :, 1:-1, 1:-1] = (near + 4 * images[:, :, 1:-1, 1:-1]) / 13
    return mixed(images, blurred, factor)


def gaussian_blur(images, chance, kernel_size, sigma):
    """Every image under a bell curve."""
    return smoothed(images, bells(sigma[0] + (sigma[1] - sigma[0]) * chance[:, 0], kernel_size))


def gaussian_noise(images, chance, mean, sigma):
    """Every pixel with a number of its own added, on the scale 0 to 1."""
    count, channels, height, width = images.shape
    return (images + mean).add_(noise(chance, channels * height * width).mul_(sigma).reshape(count, channels, height, width)).clamp_(0, 1)


def random_erasing(images, chance, p, scale, ratio, value):
    """Some of the images with a rectangle covered."""
    height, width = images.shape[2:]
    area = between(chance[:, 1], *scale) * height * width
    ratio = between(chance[:, 2], math.log(ratio[0]), math.log(ratio[1])).exp()
    wide, high = (area * ratio).sqrt().round().clamp(1, width), (area / ratio).sqrt().round().clamp(1, height)
    left, top = ((draw[:, None, None] * (room + 1)).floor() for draw, room in ((chance[:, 3], width - wide), (chance[:, 4], height - high)))
    x, y = torch.arange(width, device=images.device), torch.arange(height, device=images.device)[:, None]
    covered = (x >= left) & (x < left + wide) & (y >= top) & (y < top + high)  # N H W
    return some(chance[:, 0], p, torch.where(covered[:, None], value, images), images)
