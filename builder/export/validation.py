"""The validation part in an exported training: which samples it has, and that the test part is read at the end, when asked for."""

from __future__ import annotations

import inspect
import re

from builder.data.validation import held_out

TEXT = '''\
def parted(data, share):
    """Training, validation and test images, each with their labels; the share is of what was there to train on."""
    images, labels, test_images, test_labels = data
    train, valid = held_out(labels, max(1, round(share * len(labels))))
    return images[train], labels[train], images[valid], labels[valid], test_images, test_labels
'''
TEST = '''\
    if test is not None:
        test_images, test_labels = (part.to(device) for part in test)
{layout}\
        test_loss{accuracy} = evaluate({judged}, loss_fn, test_images, test_labels, mean, std)
        print(f"test loss {{test_loss!r}}{told}")
'''
LAYOUT = '''\
        test_images = test_images.permute(0, 2, 3, 1).contiguous()  # N H W C
'''
OPTION = '''\
    parser.add_argument("--test", action="store_true", help="print the figures of the test part once the training is done: for the end, not for choosing")
'''


def split(read: str, share: float) -> str:
    """The call that gives all the parts' samples, of which `read` reads what there is; a `share` of 0 is data that came with three parts."""
    return f"parted({read}, {share!r})" if share else read


def text() -> str:
    """The functions that make the validation part: the very ones of the app, then one for all parts."""
    return inspect.getsource(held_out).replace("    import torch\n\n", "") + "\n\n" + TEXT


def watched(code: str, judged: str, layout: bool, scored: bool, figured: bool = False) -> str:
    """The training's text with the validation part where it had the test part, and the test part at its end, when given; `scored` where answers are right or wrong, `figured` where an
    evaluation gives figures too."""
    code = re.sub(r"\btest(?=_| loss| accuracy)", "validation", code)
    head, colon, body = code.partition("):\n")
    body, end, last = body.rpartition("    return ")
    accuracy = {"accuracy": ", test_accuracy", "told": ", test accuracy {test_accuracy!r}"} if scored else {"accuracy": "", "told": ""}
    accuracy["accuracy"] += ", _" if figured else ""
    return f"{head}, test=None{colon}{body}{TEST.format(judged=judged, layout=LAYOUT if layout else '', **accuracy)}{end}{last}"
