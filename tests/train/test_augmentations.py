"""Augmentations: what each does against torchvision.transforms.v2, and what they may never depend on."""

from __future__ import annotations

import math
from inspect import signature

import pytest
import torch
from torchvision import tv_tensors
from torchvision.transforms import InterpolationMode, v2
from torchvision.transforms.v2 import functional

from builder.catalogue.augmentation import AUGMENTATIONS
from builder.train import augmentations, mixing, policies
from builder.train.augment import FUNCTIONS, Augment, in_a_row

BILINEAR = InterpolationMode.BILINEAR
SIDES = (19, 24)


def photos(channels: int = 3, count: int = 12, height: int = SIDES[0], width: int = SIDES[1]) -> torch.Tensor:
    """Smooth coloured images, float32 (N C H W) of 0 to 1."""
    coarse = torch.rand(count, channels, 5, 6, generator=torch.Generator().manual_seed(3))
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 1)


def drawn(kind: str, count: int = 12, seed: int = 5) -> torch.Tensor:
    return in_a_row([(AUGMENTATIONS[kind], {})]).chances(count, seed, 1)


def change(kind: str, images: torch.Tensor, chance: torch.Tensor, **given: object) -> torch.Tensor:
    return in_a_row([(AUGMENTATIONS[kind], given)]).images(images, chance)


def made(row: Augment, images: torch.Tensor, chance: torch.Tensor, picked: torch.Tensor | None = None) -> torch.Tensor:
    """What becomes of the picked images, each of which may be mixed with the one before it."""
    picked = torch.arange(len(images)) if picked is None else picked
    both = torch.cat([(picked - 1) % len(images), picked]) if row.mixes else picked
    return row.mixed(images[both], chance[both], len(picked))[0]


def spread(chance: torch.Tensor, most: float) -> list[float]:
    """Random numbers as numbers from -most to most."""
    return ((2 * chance - 1) * most).tolist()


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("kind", AUGMENTATIONS)
def test_what_becomes_of_an_image_does_not_depend_on_the_batch_it_is_in_nor_on_how_it_lies_in_memory(kind, channels):
    images, row = photos(channels, 37, 18, 17), in_a_row([(AUGMENTATIONS[kind], {})])
    chance = row.chances(37, 1, 4)
    whole = made(row, images, chance)
    assert whole.shape == images.shape and whole.isfinite().all()
    assert not whole.equal(images) or AUGMENTATIONS[kind].colour and channels != 3
    order = torch.randperm(37, generator=torch.Generator().manual_seed(1))
    for size in (1, 7, 36):
        for picked in order.split(size):
            laid_out = images.contiguous(memory_format=torch.channels_last)
            assert made(row, laid_out, chance, picked).equal(whole[picked])


@pytest.mark.parametrize("kind", AUGMENTATIONS)
def test_images_given_to_an_augmentation_are_left_as_they_are(kind):
    images = photos()
    before = images.clone()
    change(kind, images, drawn(kind))
    assert images.equal(before)


@pytest.mark.parametrize(("ours", "theirs"), [("constant", "constant"), ("edge", "edge"), ("reflect", "reflect")])
def test_a_random_crop_is_what_torchvision_makes_of_padding_and_cutting_out(ours, theirs):
    images, chance = photos(), drawn("RandomCrop")
    got = change("RandomCrop", images, chance, padding=5, padding_mode=ours, fill=0.25)
    shifts = ((2 * 5 + 1) * chance).long()
    assert len({tuple(shift) for shift in shifts.tolist()}) > 5
    for image, one, (top, left) in zip(images, got, shifts.tolist(), strict=True):
        padded = functional.pad(image, [5], fill=0.25 if ours == "constant" else None, padding_mode=theirs)
        assert one.equal(functional.crop(padded, top, left, *SIDES))


@pytest.mark.parametrize(("kind", "theirs", "given"), [
    ("RandomHorizontalFlip", functional.horizontal_flip, {}), ("RandomVerticalFlip", functional.vertical_flip, {}), ("RandomInvert", functional.invert, {}),
    ("RandomGrayscale", lambda image: functional.rgb_to_grayscale(image, 3), {}), ("RandomSolarize", lambda image: functional.solarize(image, 0.3), {"threshold": 0.3}),
    ("RandomEqualize", functional.equalize, {}), ("RandomPosterize", lambda image: functional.posterize(image, 2), {"bits": 2}), ("RandomAutocontrast", functional.autocontrast, {}),
    ("RandomAdjustSharpness", lambda image: functional.adjust_sharpness(image, 3.0), {"sharpness_factor": 3.0})])
def test_what_happens_to_some_images_happens_to_those_below_p_and_as_in_torchvision(kind, theirs, given):
    images, chance = photos(), drawn(kind)
    got = change(kind, images, chance, p=0.4, **given)
    happened = chance[:, 0] < 0.4
    assert happened.any() and not happened.all()
    torch.testing.assert_close(got[happened], torch.stack([theirs(image) for image in images[happened]]), atol=2e-6, rtol=0)
    assert got[~happened].equal(images[~happened])


def test_a_rotation_is_torchvisions():
    images, chance = photos(), drawn("RandomRotation")
    angles = spread(chance[:, 0], 70.0)
    for fill in (0.0, 0.5):
        got = change("RandomRotation", images, chance, degrees=70.0, fill=fill)
        # Rotated as torchvision does what is brighter or darker than the fill.
        wanted = [functional.rotate(image - fill, angle, BILINEAR) + fill for image, angle in zip(images, angles, strict=True)]
        torch.testing.assert_close(got, torch.stack(wanted), atol=1e-4, rtol=0)


def test_an_affine_map_is_torchvisions():
    images, chance = photos(), drawn("RandomAffine")
    given = {"degrees": 30.0, "translate_x": 0.2, "translate_y": 0.3, "scale_min": 0.7, "scale_max": 1.4, "shear": 20.0}
    got = change("RandomAffine", images, chance, **given)
    wanted = []
    for image, draws in zip(images, chance, strict=True):
        [angle], [across], [down] = (spread(draws[n:n + 1], most) for n, most in enumerate((30.0, 0.2 * SIDES[1], 0.3 * SIDES[0])))
        scale, [shear] = 0.7 + 0.7 * draws[3].item(), spread(draws[4:], 20.0)
        wanted.append(functional.affine(image, angle, [round(across), round(down)], scale, [shear, 0.0], BILINEAR))
    torch.testing.assert_close(got, torch.stack(wanted), atol=1e-4, rtol=0)


def test_a_resized_crop_is_torchvisions():
    images, chance = photos(), drawn("RandomResizedCrop")
    got = change("RandomResizedCrop", images, chance, scale_min=0.1, scale_max=0.6)
    for image, one, draws in zip(images, got, chance.tolist(), strict=True):
        area, ratio = (0.1 + 0.5 * draws[0]) * SIDES[0] * SIDES[1], math.exp(math.log(0.75) + draws[1] * (math.log(1.3333) - math.log(0.75)))
        high, wide = (min(side, round(math.sqrt(size))) for side, size in zip(SIDES, (area / ratio, area * ratio), strict=True))
        top, left = int(draws[3] * (SIDES[0] - high + 1)), int(draws[2] * (SIDES[1] - wide + 1))
        torch.testing.assert_close(one, functional.resized_crop(image, top, left, high, wide, list(SIDES), BILINEAR), atol=1e-4, rtol=0)


def test_a_perspective_is_torchvisions():
    images, chance = photos(), drawn("RandomPerspective")
    got = change("RandomPerspective", images, chance, distortion_scale=0.6, p=1.0)
    height, width = SIDES
    start = [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]
    for image, one, draws in zip(images, got, chance[:, 1:].reshape(-1, 4, 2).tolist(), strict=True):
        moved = [[x + (0.3 * width * u) * (-1 if x else 1), y + (0.3 * height * v) * (-1 if y else 1)] for (x, y), (u, v) in zip(start, draws, strict=True)]
        wanted = functional.perspective(image, start, moved, BILINEAR)
        # torchvision counts from the pixels' edges; half a pixel is less than these images change.
        assert (one - wanted).abs().median() < 0.02


def test_a_blur_is_torchvisions():
    images, chance = photos(), drawn("GaussianBlur")
    got = change("GaussianBlur", images, chance, kernel_size=7, sigma_min=0.4, sigma_max=2.5)
    wanted = [functional.gaussian_blur(image, [7, 7], [0.4 + 2.1 * draw]) for image, draw in zip(images, chance[:, 0].tolist(), strict=True)]
    torch.testing.assert_close(got, torch.stack(wanted), atol=2e-6, rtol=0)


def test_jittered_colours_are_torchvisions():
    images, chance = photos(), drawn("ColorJitter")
    got = change("ColorJitter", images, chance, brightness=0.5, contrast=0.7, saturation=2.0, hue=0.3)
    for image, one, draws in zip(images, got, chance.tolist(), strict=True):
        image = functional.adjust_brightness(image, 0.5 + draws[0])
        image = functional.adjust_contrast(image, 0.3 + 1.4 * draws[1])
        image = functional.adjust_saturation(image, 3 * draws[2])
        torch.testing.assert_close(one, functional.adjust_hue(image, 0.6 * draws[3] - 0.3), atol=2e-4, rtol=0)


def test_grey_images_are_jittered_in_brightness_and_contrast_alone():
    images, chance = photos(1), drawn("ColorJitter")
    assert change("ColorJitter", images, chance, brightness=0.0, contrast=0.0, hue=0.4).equal(images)


def test_an_elastic_image_is_that_of_torchvision_with_the_same_moves():
    images, chance = photos(count=4, height=40, width=40), drawn("ElasticTransform", 4)
    got = change("ElasticTransform", images, chance, alpha=60.0, sigma=3.0)
    moves = augmentations.hashed(chance, 2 * 40 * 40).reshape(4, 2, 40, 40).bitwise_right_shift(40).float() / 2**23
    assert moves.abs().max() <= 1 and abs(moves.mean()) < 0.02 and abs(moves.std() - 3**-0.5) < 0.02
    smooth = functional.gaussian_blur(moves, [25, 25], [3.0, 3.0]) * 60 / 40
    wanted = [functional.elastic(image, move.permute(1, 2, 0)[None], BILINEAR) for image, move in zip(images, smooth, strict=True)]
    torch.testing.assert_close(got, torch.stack(wanted), atol=1e-3, rtol=0)


def theirs(kind: str, image: torch.Tensor, operation: str, strength: float, bilinear: bool = False) -> torch.Tensor:
    """One operation of torchvision's class of that name on one image."""
    interpolation = BILINEAR if bilinear else InterpolationMode.NEAREST
    return getattr(v2, kind)()._apply_image_or_video_transform(image, operation, strength, interpolation, {torch.Tensor: None})


# In the order of their numbers.
OPERATIONS = ("Identity", "ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color", "Contrast", "Sharpness", "Posterize", "Solarize", "AutoContrast", "Equalize",
              "Invert")


@pytest.mark.parametrize(("kind", "wide"), [("RandAugment", False), ("TrivialAugmentWide", True), ("AutoAugment", False)])
def test_every_operation_of_a_policy_is_torchvisions_at_every_step_of_its_strength(kind, wide):
    bins, space = (10 if kind == "AutoAugment" else 31), getattr(v2, kind)._AUGMENTATION_SPACE
    images, table = photos(count=bins), policies.strengths(bins, wide, photos())
    for number, operation in enumerate(OPERATIONS):
        if operation not in space:
            assert (operation, kind) in {("Identity", "AutoAugment"), ("Invert", "RandAugment"), ("Invert", "TrivialAugmentWide")}
            continue
        magnitudes, signed = space[operation]
        wanted = magnitudes(bins, *SIDES)
        wanted = torch.zeros(bins) if wanted is None else wanted.float()
        torch.testing.assert_close(table[number], wanted.trunc() if operation.startswith("Translate") else wanted, atol=0, rtol=0)
        which = torch.full((bins,), number)
        for sign in (1, -1) if signed else (1,):
            assert policies.signed(which, table[number], torch.full((bins,), 0.7 if sign == 1 else 0.2)).equal(sign * table[number])
            got = policies.altered(images, which, sign * table[number], "bilinear", 0.0, True)
            one_by_one = [theirs(kind, image, operation, float(sign * strength), bilinear=True) for image, strength in zip(images, wanted, strict=True)]
            torch.testing.assert_close(got, torch.stack(one_by_one), atol=2e-4, rtol=0)


def test_rand_augment_makes_so_many_operations_of_one_strength_drawn_anew_for_each_image():
    images, chance = photos(count=60), drawn("RandAugment", 60)
    got = change("RandAugment", images, chance, num_ops=2, magnitude=12, interpolation="bilinear")
    assert drawn("RandAugment").shape[1] == 4 and AUGMENTATIONS["RandAugment"].taken({"num_ops": 3}) == 6
    for image, one, draws in zip(images, got, chance.tolist(), strict=True):
        for which, turn in (draws[:2], draws[2:]):
            operation = OPERATIONS[int(14 * which)]
            magnitudes, signed = v2.RandAugment._AUGMENTATION_SPACE[operation]
            strength = magnitudes(31, *SIDES)
            image = theirs("RandAugment", image, operation, 0.0 if strength is None else float(strength[12]) * (-1 if signed and turn < 0.5 else 1), True)
        # What follows a level that was rounded another way at its edge may be a level further.
        assert ((image - one).abs() > 5e-3).float().mean() < 0.01
    assert len({int(14 * draw) for draw in chance[:, 0].tolist()}) == 14


def test_trivial_augment_draws_the_strength_too_and_auto_augment_a_pair_with_its_own_probabilities():
    images, chance = photos(count=40), drawn("TrivialAugmentWide", 40)
    got = change("TrivialAugmentWide", images, chance, interpolation="bilinear")
    for image, one, (which, step, turn) in zip(images, got, chance.tolist(), strict=True):
        operation = OPERATIONS[int(14 * which)]
        magnitudes, signed = v2.TrivialAugmentWide._AUGMENTATION_SPACE[operation]
        strength = magnitudes(31, *SIDES)
        wanted = theirs("TrivialAugmentWide", image, operation, 0.0 if strength is None else float(strength[int(31 * step)]) * (-1 if signed and turn < 0.5 else 1), True)
        torch.testing.assert_close(one, wanted, atol=2e-4, rtol=0)
    chance = drawn("AutoAugment", 40)
    for policy in ("imagenet", "cifar10", "svhn"):
        pairs = v2.AutoAugment(getattr(v2.AutoAugmentPolicy, policy.upper()))._policies
        assert [[(OPERATIONS[int(number)], round(share, 4), int(step)) for number, share, step in pair] for pair in policies.policies(policy).tolist()] == [
            [(operation, share, step or 0) for operation, share, step in pair] for pair in pairs]
        got = change("AutoAugment", images, chance, policy=policy, interpolation="bilinear")
        for image, one, draws in zip(images, got, chance.tolist(), strict=True):
            for (operation, share, step), happens, turn in zip(pairs[int(25 * draws[0])], draws[1::2], draws[2::2], strict=True):
                magnitudes, signed = v2.AutoAugment._AUGMENTATION_SPACE[operation]
                strength = magnitudes(10, *SIDES)
                if happens < share:
                    image = theirs("AutoAugment", image, operation, 0.0 if strength is None else float(strength[step]) * (-1 if signed and turn < 0.5 else 1), True)
            assert ((image - one).abs() > 5e-3).float().mean() < 0.01


@pytest.mark.parametrize("alpha", [0.1, 0.4, 1.0, 2.0, 20.0])
def test_shares_are_of_the_beta_distribution(alpha):
    from scipy.stats import beta

    chance = torch.linspace(0.001, 0.999, 999)
    got = mixing.beta(chance, alpha)
    torch.testing.assert_close(got.double(), torch.from_numpy(beta(alpha, alpha).ppf(chance.double().numpy())), atol=5e-4, rtol=0)
    assert got.diff().min() >= 0 and mixing.beta(chance[400:401], alpha).equal(got[400:401])


@pytest.mark.parametrize("kind", ["MixUp", "CutMix"])
def test_mixed_images_and_the_shares_of_their_classes_are_torchvisions(kind, monkeypatch):
    images, chance = photos(), drawn(kind)
    row = in_a_row([(AUGMENTATIONS[kind], {"alpha": 0.7})])
    both = torch.arange(12).roll(1).tolist() + list(range(12))
    got, shares = row.mixed(images[both], chance[both], 12)
    whole = getattr(v2, kind)(alpha=0.7, num_classes=12)
    assert shares.min() < 0.5 and shares.max() > 0.9
    for place, (one, share) in enumerate(zip(got, shares, strict=True)):
        whole._dist = type("Drawn", (), {"sample": lambda self, _, place=place: mixing.beta(chance[place:place + 1, 0], 0.7)})()
        monkeypatch.setattr(torch, "randint", lambda side, size, place=place: torch.tensor([int(side * chance[place, 1 if side == SIDES[1] else 2])]))
        wanted, labels = whole(images, torch.arange(12))
        torch.testing.assert_close(one, wanted[place], atol=1e-6, rtol=0)
        torch.testing.assert_close(share, labels[place, place], atol=1e-6, rtol=0)


def test_what_stands_before_a_mix_is_made_of_both_images_and_what_stands_behind_of_the_mixed_one():
    row = in_a_row([(AUGMENTATIONS["RandomInvert"], {}), (AUGMENTATIONS["MixUp"], {}), (AUGMENTATIONS["RandomErasing"], {"p": 1.0})])
    images, chance = photos(), row.chances(12, 5, 1)
    changed = change("RandomInvert", images, chance[:, :1])
    mixed, shares = mixing.mix_up(changed[1:], changed[:-1], chance[1:, 1:2], 1.0)
    got, told = row.mixed(images, chance, 1)
    assert got.equal(change("RandomErasing", mixed, chance[1:, 2:], p=1.0)) and told.equal(shares)


def test_noise_is_nearly_normal_and_every_pixel_of_every_image_has_its_own():
    numbers = augmentations.noise(drawn("GaussianNoise", 50), 5000)
    assert abs(numbers.mean()) < 0.01 and abs(numbers.std() - 1) < 0.01
    assert abs((numbers.abs() < 1).float().mean() - 0.6827) < 0.01 and abs((numbers.abs() < 2).float().mean() - 0.9545) < 0.005
    assert numbers.corrcoef().fill_diagonal_(0).abs().max() < 0.08 and abs((numbers[:, 1:] * numbers[:, :-1]).mean()) < 0.01
    images = torch.full((4, 3, 30, 30), 0.5)
    noisy = change("GaussianNoise", images, drawn("GaussianNoise", 4), mean=0.1, sigma=0.05)
    assert abs(noisy.mean() - 0.6) < 0.003 and abs(noisy.std() - 0.05) < 0.002


def test_the_hash_is_splitmix64():
    # The first numbers for the seed 1234567: https://rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64
    chance = torch.tensor([[0.0, 1234567 / 2**24]])
    assert [number % 2**64 for number in augmentations.hashed(chance, 3)[0].tolist()] == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_an_erased_rectangle_has_the_area_and_the_form_that_were_asked_for_and_lies_anywhere():
    images, chance = torch.ones(400, 1, 40, 40), drawn("RandomErasing", 400)
    got = change("RandomErasing", images, chance, p=1.0, scale_min=0.1, scale_max=0.2, ratio_min=0.5, ratio_max=2.0, value=0.25)
    covered = got[:, 0] == 0.25
    assert (covered | (got[:, 0] == 1)).all()
    area = covered.float().mean((1, 2))
    assert 0.08 < area.min() and area.max() < 0.22 and area.std() > 0.02
    wide, high = covered.any(1).sum(1), covered.any(2).sum(1)
    assert (wide * high == covered.sum((1, 2))).all() and (wide > high).float().mean().sub(0.5).abs() < 0.1
    assert covered.any(0).float().mean() > 0.99


def test_masks_move_with_their_images_and_what_comes_in_counts_for_nothing():
    masks = torch.zeros(40, 20, 24, dtype=torch.uint8)
    masks[:, 5:12, 4:15] = 3
    images = masks[:, None] / 4.0
    for record in AUGMENTATIONS.values():
        row = in_a_row([(record, {"interpolation": "nearest"} if any(param.name == "interpolation" for param in record.params) else {})])
        chance = row.chances(40, 2, 1)
        moved = row.masks(masks, chance)
        assert moved.dtype == torch.uint8 and moved.shape == masks.shape
        if record.masks is None:
            assert moved.equal(masks)
            continue
        # What a policy does to colours its masks know nothing of.
        [step] = row.steps
        seen = step.function(images, chance, **step.arguments, **({"colours": False} if "colours" in step.masks else {}))[:, 0]
        assert not moved.equal(masks) and (moved[seen > 0.7] == 3).all() and set(moved.unique().tolist()) <= {0, 3, 255}
        assert (moved == 255).any() == ("fill" in record.masks)


def test_augmentations_in_a_row_take_numbers_of_their_own_that_follow_from_seed_epoch_and_sample():
    row = in_a_row([(AUGMENTATIONS["RandomCrop"], {}), (AUGMENTATIONS["RandomHorizontalFlip"], {"p": 1.0}), (AUGMENTATIONS["ColorJitter"], {})])
    assert row.draws == 7
    chance = row.chances(20, 3, 2)
    assert 0 <= chance.min() and chance.max() < 1
    assert chance.equal(row.chances(20, 3, 2)) and not chance.equal(row.chances(20, 3, 3)) and not chance.equal(row.chances(20, 4, 2))
    torch.manual_seed(0)
    wanted = torch.rand(3)
    torch.manual_seed(0)
    row.chances(20, 3, 2)
    assert torch.rand(3).equal(wanted), "the numbers of dropout are left alone"
    images = photos(count=20)
    by_hand = change("ColorJitter", change("RandomCrop", images, chance[:, :2]).flip(3), chance[:, 3:])
    assert row.images(images, chance).equal(by_hand)
    assert in_a_row([]) is None


def test_every_augmentation_has_a_function_and_the_parameters_of_torchvisions():
    for kind, record in AUGMENTATIONS.items():
        assert record.source.endswith(f"v2.{kind}.html") and callable(FUNCTIONS[record.function]) and record.summary.endswith(".")
        theirs = signature(getattr(v2, kind)).parameters
        ours = in_a_row([(record, {})]).steps[0].arguments
        assert set(ours) <= set(theirs), kind


def boxed(boxes: list[tuple[float, ...]], height: int, width: int) -> torch.Tensor:
    """Boxes in pixels with their class, as shares (M 5)."""
    return torch.tensor([(left / width, top / height, right / width, bottom / height, kind) for left, top, right, bottom, kind in boxes])


NONE = (0, 0, 0, 0, -1)


@pytest.mark.parametrize("record", [record for record in AUGMENTATIONS.values() if not record.mixes], ids=lambda record: record.kind)
def test_boxes_move_with_their_images(record):
    """Each box is the one around what is left of it: of an image that is white there alone, by the same random numbers."""
    height, width, count = 24, 28, 40
    corners = [(3, 4, 13, 12, 1), (12, 10, 27, 23, 0), NONE]
    boxes = boxed(corners, height, width).expand(count, -1, -1)
    row = in_a_row([(record, {})])
    chance, images = row.chances(count, 2, 1), torch.zeros(count, 1, height, width)
    moved = row.answers(boxes, images, chance)
    if record.masks is None:
        assert moved.equal(boxes)
        return
    assert moved.shape == boxes.shape and (moved[:, 2] == torch.tensor([0.0, 0.0, 0.0, 0.0, -1.0])).all() and not moved.equal(boxes)
    [step] = row.steps
    for place, (left, top, right, bottom, kind) in enumerate(corners[:2]):
        white = images.clone()
        white[:, :, top:bottom, left:right] = 1
        seen = step.function(white, chance, **{**step.masks, **({"fill": 0.0} if "fill" in step.masks else {}), **({"padding_mode": "constant"} if "padding_mode" in step.masks else {})})[:, 0] > 0.5
        for one, told in zip(seen, moved[:, place].tolist(), strict=True):
            if not one.any():
                assert told == [0, 0, 0, 0, -1]
                continue
            across, down = one.any(0).nonzero(), one.any(1).nonzero()
            expected = [int(across[0]) / width, int(down[0]) / height, (int(across[-1]) + 1) / width, (int(down[-1]) + 1) / height, kind]
            assert told == pytest.approx(expected, abs=1e-6)


def test_flipped_and_shifted_boxes_are_those_of_torchvision_and_what_leaves_the_image_is_no_box():
    height, width = 20, 24
    corners = [(2, 3, 9, 11, 0), (20, 1, 24, 5, 2)]
    boxes, images = boxed(corners, height, width)[None], torch.zeros(1, 3, height, width)
    theirs = tv_tensors.BoundingBoxes([one[:4] for one in corners], format="XYXY", canvas_size=(height, width))
    scale = torch.tensor([width, height, width, height])
    for kind, function in (("RandomHorizontalFlip", functional.horizontal_flip), ("RandomVerticalFlip", functional.vertical_flip)):
        moved = in_a_row([(AUGMENTATIONS[kind], {"p": 1.0})]).answers(boxes, images, torch.zeros(1, 1))
        assert torch.allclose(moved[0, :, :4] * scale, function(theirs).float(), atol=1e-4) and moved[0, :, 4].equal(boxes[0, :, 4])
    # By 6 of up to 8 pixels down and 5 to the right: the second one leaves, the first one is whole.
    row, chance = in_a_row([(AUGMENTATIONS["RandomCrop"], {"padding": 8, "padding_mode": "reflect"})]), torch.tensor([[2.5 / 17, 3.5 / 17]])
    shifted = functional.crop(functional.pad(theirs, [8]), 2, 3, height, width).float()
    moved = row.answers(boxes, images, chance)[0]
    assert torch.allclose(moved[0, :4] * scale, shifted[0], atol=1e-4) and moved[1].tolist() == [0, 0, 0, 0, -1]


def test_what_becomes_of_boxes_does_not_depend_on_the_batch():
    row = in_a_row([(AUGMENTATIONS[kind], {}) for kind in ("RandomAffine", "RandomHorizontalFlip", "RandAugment")])
    boxes, images = boxed([(3, 4, 13, 12, 1), (12, 10, 27, 23, 0)], 24, 28).expand(30, -1, -1), torch.zeros(30, 1, 24, 28)
    chance = row.chances(30, 2, 1)
    whole = row.answers(boxes, images, chance)
    for picked in torch.randperm(30, generator=torch.Generator().manual_seed(1)).split(7):
        assert row.answers(boxes[picked], images[picked], chance[picked]).equal(whole[picked])
