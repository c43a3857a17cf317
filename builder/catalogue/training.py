"""The settings of a training: optimisers, initialisers, clipping, averages and early stopping in the same record form as layers, and single numbers."""

from .params import Bool, Choice, Float, Int
from .schedules import BEST, MONITOR, THRESHOLD, WARMUP
from .spec import AVERAGES, CLIPPINGS, INITIALIZERS, LOSSES, OPTIMIZERS, SCHEDULES, STOPPINGS, Record, Rule

OPTIM = "https://docs.pytorch.org/docs/stable/generated/torch.optim."
INIT = "https://docs.pytorch.org/docs/stable/nn.init.html"
GAIN = Float("gain", 1.0, "scales the spread", min=0.0)
HE = (Float("a", 0.0, "slope below 0 of the leaky ReLU behind the layer, where nonlinearity is leaky_relu", min=0.0),
      Choice("mode", "fan_in", ("fan_in", "fan_out"), "fan_in keeps the variance of signals on their way forward, fan_out that of gradients on their way back"),
      Choice("nonlinearity", "leaky_relu", ("leaky_relu", "relu", "tanh", "sigmoid", "selu", "linear"), "the function behind the layer; its gain scales the spread"))
ORDERED = Rule("a < b", "weights are drawn between a and b, so a must be below b; they are {a} and {b}", "value", "a")
DECAY = Float("weight_decay", 0.0, "pulls every weight towards zero, this share a step times lr", min=0.0)


def lr(default: float) -> Float:
    """The learning rate with an optimiser's own default."""
    return Float("lr", default, "learning rate: how far one step goes along the gradient", min=0.0)


OPTIMIZERS.register(Record(
    "SGD", "Steps against the gradient; momentum keeps rolling in the direction of earlier steps.", OPTIM + "SGD.html", "torch.optim.SGD",
    (lr(0.01), Float("momentum", 0.0, "share of the last step that is kept", min=0.0, max=1.0),
     Bool("nesterov", False, "look ahead along the momentum before taking the gradient"), DECAY),
    (Rule("not nesterov or momentum > 0", "Nesterov looks ahead along the momentum, so momentum must be above 0; it is {momentum}",
          "value", "nesterov"),), state="1 if momentum else 0", fused=True))
OPTIMIZERS.register(Record(
    "Adagrad", "Divides every weight's step by the root of the sum of its squared gradients: rare features keep large steps.",
    "Duchi et al. 2011, jmlr.org/papers/v12/duchi11a.html; " + OPTIM + "Adagrad.html", "torch.optim.Adagrad",
    (lr(0.01), Float("lr_decay", 0.0, "how fast the learning rate falls with the steps", min=0.0), DECAY,
     Float("eps", 1e-10, "added to the root, against division by zero", min=0.0)), state="1"))
OPTIMIZERS.register(Record(
    "RMSprop", "Divides every weight's step by a running root mean square of its gradients.",
    "Hinton, Neural Networks for Machine Learning, lecture 6e; " + OPTIM + "RMSprop.html", "torch.optim.RMSprop",
    (lr(0.001), Float("alpha", 0.99, "share of the past in the running mean square", min=0.0, max=1.0),
     Float("momentum", 0.0, "share of the last step that is kept", min=0.0, max=1.0), DECAY,
     Float("eps", 1e-8, "added to the root, against division by zero", min=0.0)), state="2 if momentum else 1"))
BETAS = (Float("beta1", 0.9, "share of the past in the running mean of gradients", min=0.0, max=0.999999),
         Float("beta2", 0.999, "share of the past in the running mean of squared gradients", min=0.0, max=0.999999),
         Float("eps", 1e-8, "added to the root, against division by zero", min=0.0))
PACKED = {"betas": ("beta1", "beta2")}
OPTIMIZERS.register(Record(
    "Adam", "Momentum and a step size of its own for every weight, both corrected for their start at zero.",
    "Kingma & Ba 2015, arXiv:1412.6980; " + OPTIM + "Adam.html", "torch.optim.Adam", (lr(0.001), *BETAS, DECAY), packed=PACKED, state="2", fused=True))
OPTIMIZERS.register(Record(
    "AdamW", "Adam with weight decay applied to the weights themselves, not to the gradient.",
    "Loshchilov & Hutter 2019, arXiv:1711.05101; " + OPTIM + "AdamW.html", "torch.optim.AdamW",
    (lr(0.001), *BETAS, Float("weight_decay", 0.01, DECAY.doc, min=0.0)), packed=PACKED, state="2", fused=True))

INITIALIZERS.register(Record("Default", "What torch does for each layer: uniform within 1/sqrt(inputs) for Conv2d and Linear.", INIT))
INITIALIZERS.register(Record("XavierUniform", "Uniform; keeps the variance of signals equal through tanh and sigmoid layers.",
                             "Glorot & Bengio 2010; " + INIT, "torch.nn.init.xavier_uniform_", (GAIN,)))
INITIALIZERS.register(Record("XavierNormal", "Normal; keeps the variance of signals equal through tanh and sigmoid layers.",
                             "Glorot & Bengio 2010; " + INIT, "torch.nn.init.xavier_normal_", (GAIN,)))
INITIALIZERS.register(Record("KaimingUniform", "Uniform; keeps the variance of signals equal through ReLU layers.",
                             "He et al. 2015, arXiv:1502.01852; " + INIT, "torch.nn.init.kaiming_uniform_", HE))
INITIALIZERS.register(Record("KaimingNormal", "Normal; keeps the variance of signals equal through ReLU layers.",
                             "He et al. 2015, arXiv:1502.01852; " + INIT, "torch.nn.init.kaiming_normal_", HE))
INITIALIZERS.register(Record("Orthogonal", "Random rotations: lengths are kept exactly at the start.",
                             "Saxe et al. 2014, arXiv:1312.6120; " + INIT, "torch.nn.init.orthogonal_",
                             (Float("gain", 1.0, "scales the rotation", min=0.0),)))
INITIALIZERS.register(Record("Normal", "Normal with a spread of your choice: too small and signals die out, too large and they explode.",
                             INIT, "torch.nn.init.normal_", (Float("std", 0.01, "standard deviation", min=0.0),)))
INITIALIZERS.register(Record("TruncNormal", "Normal, and drawn again where it falls below a or above b, so that no weight begins far out.",
                             INIT, "torch.nn.init.trunc_normal_", (
                                 Float("std", 0.02, "standard deviation before it is cut off", min=1e-9), Float("a", -0.04, "the least that a weight may be"),
                                 Float("b", 0.04, "the most that a weight may be")), (ORDERED,)))
INITIALIZERS.register(Record("Uniform", "Every number between a and b alike.", INIT, "torch.nn.init.uniform_", (
    Float("a", -0.05, "the least that a weight may be"), Float("b", 0.05, "the most that a weight may be")), (ORDERED,)))

CLIP = "https://docs.pytorch.org/docs/stable/generated/torch.nn.utils."
CLIPPINGS.register(Record("None", "Gradients are taken as they are.", CLIP + "clip_grad_norm_.html"))
CLIPPINGS.register(Record("Norm", "Shortens the gradient of all weights together to max_norm where it is longer; its direction stays.",
                          "Pascanu et al. 2013, arXiv:1211.5063; " + CLIP + "clip_grad_norm_.html", "torch.nn.utils.clip_grad_norm_",
                          (Float("max_norm", 1.0, "the longest that the gradient may be", min=0.0),)))
CLIPPINGS.register(Record("Value", "Cuts every single number of the gradient off at clip_value on both sides.", CLIP + "clip_grad_value_.html",
                          "torch.nn.utils.clip_grad_value_", (Float("clip_value", 0.5, "the largest that a number of the gradient may be", min=0.0),)))

SWA = "https://docs.pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema"
AVERAGES.register(Record("None", "The network is tested and exported with the weights that it trains with.", SWA))
AVERAGES.register(Record("EMA", "Tests and exports a moving average of the weights, which jumps less than they do; training goes on with the weights themselves.",
                         "Polyak & Juditsky 1992; " + SWA, "torch.optim.swa_utils.get_ema_multi_avg_fn",
                         (Float("decay", 0.99, "share of the average that is kept a step: about the last 1 / (1 - decay) steps count", min=0.0, max=0.999999),), state="1"))

STOPPINGS.register(Record("None", "All epochs are trained.", "https://page.mi.fu-berlin.de/prechelt/Biblio/stop_tricks1997.pdf"))
STOPPINGS.register(Record("EarlyStopping", "Ends the run when the watched number has brought no progress for patience epochs in a row.",
                          "Prechelt 1998, Early Stopping - But When?", params=(
                              MONITOR, Int("patience", 5, "epochs in a row without progress that end the run", max=100_000), THRESHOLD)))

# The settings by their names in a project: single values, and sections that choose a record, with the one that is meant where nothing is chosen.
WHOLE = {"epochs": Int("epochs", 10, "passes over the training part", max=100_000),
         "batch_size": Int("batch_size", 64, "samples a step", max=1_000_000), "seed": Int("seed", 0, "where chance starts", min=0, max=2**31 - 1),
         "warmup": WARMUP, "best": BEST,
         "compile": Choice("compile", "off", ("off", "auto", "on"),
                           "on: torch.compile writes kernels for the network, which takes 10 seconds to a minute before the first step; auto: on a CUDA GPU the first "
                           "steps are measured as they are, as a CUDA graph, compiled and as both, and the fastest way is kept; not where several processes train"),
         "workers": Int("workers", 2, "threads that bring samples to the device ahead of their use where these take too much memory to lie there; any number gives the same results",
                        min=0, max=64),
         "l1": Float("l1", 0.0, "adds this times the sum of all weights' sizes to what is minimised, which makes many of them zero; the loss is shown without it", min=0.0),
         "precision": Choice("precision", "float32", ("float32", "bfloat16", "medium"),
                             "bfloat16: layers compute in 16 bits where torch's autocast holds it safe, weights stay in 32; faster, with 2 to 3 digits; medium: only products of "
                             "matrices are of 16 bits, added up in 32 (torch.set_float32_matmul_precision; on a GPU of TF32's 19 bits), fastest for wide Linear layers and small batches"),
         "deterministic": Bool("deterministic", False, "only algorithms that give the same bits every time, on a GPU too, where they may be slower"),
         "tensorboard": Bool("tensorboard", False, "writes the run for TensorBoard too, into the folder tensorboard of the run; needs the tensorboard package")}
RECORDS = {"optimizer": (OPTIMIZERS, "SGD"), "schedule": (SCHEDULES, "Constant"), "loss": (LOSSES, "CrossEntropyLoss"), "clipping": (CLIPPINGS, "None"),
           "averaging": (AVERAGES, "None"), "stopping": (STOPPINGS, "None"), "initializer": (INITIALIZERS, "Default")}
