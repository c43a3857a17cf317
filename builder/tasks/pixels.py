"""The losses of masks in which some pixels are of no class (255); an exported training holds the text of these functions, so nothing is imported here."""


def loss_of_pixels(loss_fn, outputs, targets):
    """The mean loss over the pixels of a class; 0, with gradients of 0, where a batch has none: a mean over nothing is not a number."""
    known = (targets != 255).any()
    return loss_fn(outputs, targets.long().where(known, 0)) * known


def loss_of_scores(loss_fn, outputs, targets):
    """The same of one score a pixel (N 1 H W) for two classes."""
    known = targets != 255
    scored = known | ~known.any()
    return loss_fn(outputs[:, 0][scored], targets[scored].to(outputs.dtype)) * known.any()
