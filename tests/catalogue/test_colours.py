"""Classes have one colour each, wherever masks and boxes are drawn."""

import numpy as np
import torch

from builder.catalogue.colours import NO_CLASS, box_colours, class_colours
from builder.charts import answers
from builder.data.own import tiles
from builder.inspect.found import edged


def test_every_class_has_a_colour_of_its_own_that_does_not_depend_on_how_many_there_are():
    assert len(set(class_colours(60))) == 60 and NO_CLASS not in class_colours(255)
    assert class_colours(40)[:9] == class_colours(9) and len(class_colours(3)) == 3 and class_colours(0) == ()
    assert box_colours(2) == class_colours(3)[1:]


def test_what_is_looked_at_before_it_is_kept_what_is_shown_of_it_and_what_is_changed_have_the_same_colours():
    mask = np.array([[0, 1, 9, 255]], np.uint8)
    looked, shown = tiles.coloured(mask)[0].tolist(), answers.coloured(mask[None], 10)[0, 0].tolist()
    assert looked == shown == [list(class_colours(10)[place]) for place in (0, 1, 9)] + [list(NO_CLASS)]
    boxed = answers.with_named_boxes(np.zeros((1, 1, 8, 8), np.uint8), 2, np.array([[[0.0, 0.0, 1.0, 1.0, 1.0]]]))[0, 0, 0].tolist()
    drawn = edged(torch.zeros(1, 8, 8, 3, dtype=torch.uint8), torch.tensor([[[0.0, 0.0, 1.0, 1.0, 1.0]]]), 2)[0, 0, 0].tolist()
    assert boxed == drawn == list(box_colours(2)[1])
