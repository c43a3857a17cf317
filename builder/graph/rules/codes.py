"""Every kind of problem that a drawing can have: the code by which advice is silenced, how bad it is, and what it means."""

from __future__ import annotations

from collections.abc import Mapping

# code -> (severity, what it is about). An error keeps the network from being built or trained, a warning builds but is surely not meant,
# advice is a matter of taste or efficiency; warnings and advice on a brick can be silenced there.
CODES: Mapping[str, tuple[str, str]] = {
    # The drawing
    "unknown kind": ("error", "a brick of a kind that this version does not have"),
    "cycle": ("error", "wires that run in a circle"),
    "ends": ("error", "no Input or Output, or more than one of them"),
    "wires": ("error", "a wire that ends or starts where a brick has no place for one"),
    "unconnected": ("error", "an input without a wire"),
    "unused": ("warning", "a brick or a branch that leads to no Output"),
    "other networks": ("advice", "networks after the first, which are kept and not built"),
    # Values and shapes
    "value": ("error", "a value that a parameter does not allow: text, zero, a negative size"),
    "unknown": ("error", "a parameter that the layer does not have"),
    "rank": ("error", "an input with the wrong number of axes"),
    "image": ("error", "a Linear on an image: a Flatten is missing"),
    "window": ("error", "a window larger than its input, often because strides before it ate the image"),
    "padding": ("error", "padding that the layer does not allow"),
    "groups": ("error", "channels that do not split into the groups"),
    "dim": ("error", "an axis that the input does not have"),
    "channels": ("error", "branches of different channels at a merge"),
    "spatial": ("error", "branches of different sizes at a merge, or too few pixels to normalise"),
    "numbers": ("error", "whole numbers where real ones are read, or the other way round"),
    "size": ("error", "more numbers than any machine holds"),
    # The ends
    "data": ("error", "a data set that does not exist, or an Input of another shape than its samples"),
    "task": ("error", "a task that does not exist, or is not that of the data"),
    "classes": ("error", "not one score a class"),
    "nothing to learn": ("error", "a network without weights"),
    "loss": ("warning", "a last brick that the loss does not expect, such as Softmax before CrossEntropyLoss"),
    "activation last": ("warning", "an activation between the last layer and the Output"),
    "normalisation last": ("warning", "a normalisation between the last layer and the Output"),
    "dropout last": ("warning", "a Dropout between the last layer and the Output"),
    "narrow": ("advice", "fewer numbers than classes before the scores"),
    # Order
    "no activation": ("warning", "layers of weighted sums that follow each other without an activation (advice where max pooling stands between)"),
    "activation twice": ("warning", "an activation on the result of another one"),
    "activation first": ("warning", "an activation on the samples, before any layer has learned from them"),
    "pooling first": ("advice", "pooling of the samples, before any layer has learned from them"),
    "softmax inside": ("advice", "a Softmax in the middle of the network"),
    "normalised twice": ("warning", "a normalisation on the result of another one"),
    "normalisation after activation": ("advice", "batch normalisation behind an activation"),
    "bias before normalisation": ("advice", "a bias that batch normalisation takes away again"),
    "dropout before normalisation": ("advice", "a Dropout before batch normalisation"),
    "dropout twice": ("advice", "a Dropout on the result of another one"),
    "flatten twice": ("advice", "a Flatten of what is flat"),
    # Values that are legal and odd
    "dropout share": ("advice", "a Dropout that drops nothing, everything (a warning) or nearly everything"),
    "frozen statistics": ("warning", "batch normalisation with momentum 0 or 1"),
    "nothing left": ("warning", "a normalisation over single numbers, which leaves zeros"),
    "normalised axes": ("advice", "a LayerNorm over the rows of an image"),
    "gaps": ("warning", "a stride that leaps over pixels that no window reads"),
    "pool stride": ("advice", "pooling that hardly shrinks or does nothing"),
    "even window": ("advice", "an even window with padding, which cannot keep the size"),
    "wide padding": ("warning", "padding so wide that windows lie in it whole"),
    "dead taps": ("advice", "weights of a window that only ever meet padding"),
    "large window": ("advice", "a window that covers most of the image"),
    "stretched": ("advice", "adaptive pooling to more pixels than there are"),
    "broadcast": ("advice", "an Add that repeats one channel over many"),
    "same twice": ("advice", "a merge that gets one value twice"),
    # Size and depth
    "heavy": ("advice", "a Linear that holds most of the network's weights"),
    "saturating": ("advice", "many Sigmoid or Tanh in a row"),
    "deep": ("advice", "many layers in a row without normalisation or a shortcut"),
    # Training
    "settings": ("error", "a training setting that does not exist or has no such value"),
    "batch of one": ("error", "batch normalisation over a single number (advice where there are pixels)"),
    "batch size": ("warning", "a batch larger than the training part"),
    "learning rate": ("advice", "a learning rate far out of the optimiser's range (a warning where it is 0)"),
    "momentum": ("warning", "a momentum of 1"),
    "weight decay": ("advice", "a weight decay that outweighs the gradient"),
    "smoothing": ("warning", "label smoothing that leaves no difference between the classes"),
    "warm-up": ("warning", "a warm-up that is longer than the run"),
    "schedule": ("warning", "a schedule that raises the learning rate where it should fall"),
    "clipping": ("warning", "clipping that leaves nothing of the gradient"),
    "average": ("warning", "an average of weights that reaches back further than the run is long"),
    "start": ("warning", "initial weights that are all zero"),
}
