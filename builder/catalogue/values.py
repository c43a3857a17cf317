"""Values that are not samples: learned ones, fixed ones, random ones."""

from __future__ import annotations

from .combining import Made, Values, combining, made, product, refuse
from .params import Choice, Float, Int, Ints
from .reach import nothing
from .sizes import Shape, show
from .spec import Layer, register

TORCH = "https://docs.pytorch.org/docs/stable/generated/torch."
SHAPE = Ints("shape", (1, 64), "sizes of all axes; none for a single number", fewest=0, most=8)


def held(values: Values) -> Made:
    """Parameter and Buffer: the shape that is given."""
    return made(values["shape"], f"{product(values['shape'])} numbers" if values["shape"] else "1 number")


def _parameter(values: Values) -> str:
    match values["init"]:
        case "zeros" | "ones" as fill:
            return f"nn.Parameter(torch.{fill}({{shape}}))"
        case "constant":
            return "nn.Parameter(torch.full({shape}, {value}))"
        case "normal":
            return "nn.Parameter(torch.randn({shape}))" if values["std"] == 1 else "nn.Parameter({std} * torch.randn({shape}))"
    return "nn.Parameter(torch.empty({shape}).uniform_(-{std}, {std}))"


register(Layer(
    kind="Parameter", stem="parameter", category="Values", inputs=(0, 0), state=_parameter, combine=combining(held), pattern="-> shape",
    summary="Numbers that are learned and belong to no layer: a class token, positions, a scale.", keys=("shape",), weights="prod(shape)",
    source="https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html",
    params=(SHAPE, Choice("init", "zeros", ("zeros", "ones", "constant", "normal", "uniform"), "what they start as"),
            Float("value", 1.0, "what constant puts everywhere"),
            Float("std", 0.02, "spread of normal; uniform goes from -std to std", min=0.0)),
))

FILLS = ("zeros", "ones", "arange", "eye", "causal")


def filled(values: Values) -> Made:
    """Buffer: some fills need matrices."""
    shape, fill = values["shape"], values["fill"]
    if fill in ("eye", "causal") and (len(shape) < 2 or shape[-1] != shape[-2]):
        refuse(f"{fill} fills square matrices; shape is {show(shape)}", "the last two sizes must be equal", "value", "fill")
    if fill == "causal" and values["dtype"] == "int64":
        refuse("there is no minus infinity among whole numbers", "causal needs dtype float32 or bool", "value", "dtype")
    return held(values)


def _buffer(values: Values) -> str:
    dtype = "" if values["dtype"] == "float32" else f", dtype=torch.{values['dtype']}"
    shape, size = values["shape"], values["shape"][-1] if values["shape"] else 1
    more = ".expand({shape}).clone()" if len(shape) > 2 else ""
    match values["fill"]:
        case "zeros" | "ones" as fill:
            return f"torch.{fill}({{shape}}{dtype})"
        case "arange":
            count = 1
            for length in shape:
                count *= length
            dtype = f", dtype=torch.{values['dtype']}" if values["dtype"] != "bool" else ""
            text = f"torch.arange({count}{dtype})" + ("" if len(shape) == 1 else ".reshape({shape})")
            return text if values["dtype"] != "bool" else f"{text}.bool()"
        case "eye":
            return f"torch.eye({size}{dtype}){more}"
    if values["dtype"] == "bool":
        return f"torch.ones({size}, {size}, dtype=torch.bool).tril(){more}"
    return f"torch.full(({size}, {size}), float(\"-inf\")).triu(1){more}"


register(Layer(
    kind="Buffer", stem="buffer", category="Values", inputs=(0, 0), buffer=_buffer, combine=combining(filled), pattern="-> shape", gives="dtype", keys=("shape", "fill"),
    summary="Fixed numbers that are kept with the weights and never learned.",
    source="https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_buffer",
    params=(SHAPE, Choice("dtype", "float32", ("float32", "int64", "bool"), "float32 are real numbers, int64 whole ones, bool true or false"),
            Choice("fill", "zeros", FILLS, "what they are: arange counts from 0, eye is 1 on the diagonal, causal lets each position see itself and what comes before")),
))


def counted(values: Values) -> Made:
    """Arange: as many as are asked for."""
    return made((values["length"],), f"0 to {values['length'] - 1}")


def single(values: Values) -> Made:
    """Constant: one number."""
    return made(())


register(Layer(
    kind="Arange", stem="positions", category="Values", inputs=(0, 0), buffer="torch.arange({length})", combine=combining(counted), pattern="-> length", gives="int",
    summary="The whole numbers from 0 up: positions, for a table of them.", source=f"{TORCH}arange.html", keys=("length",),
    params=(Int("length", 16, "how many"),),
))
register(Layer(
    kind="Constant", category="Values", inputs=(0, 0), buffer="torch.tensor({value})", combine=combining(single), pattern="->", gives="float",
    summary="One fixed number.", source=f"{TORCH}tensor.html", keys=("value",), params=(Float("value", 1.0, "the number"),),
))


def like(values: Values, x: Shape) -> Made:
    """Noise: as the input."""
    return made(x)


def _noise(values: Values) -> str:
    drawn = "torch.randn_like({0})" if values["distribution"] == "normal" else "torch.rand_like({0})"
    return drawn if values["when"] == "always" else f"{drawn} if self.training else torch.zeros_like({{0}})"


register(Layer(
    kind="Noise", category="Values", call=_noise, combine=combining(like), window=nothing, keeps="", pattern="N ... -> N ...", input_names=("like",), keys=("distribution", "when"),
    summary="Random numbers of the input's shape, drawn anew each time; only the shape is read.",
    source=f"Kingma & Welling 2014, arXiv:1312.6114, section 2.4; {TORCH}randn_like.html",
    params=(Choice("distribution", "normal", ("normal", "uniform"), "normal: mean 0, spread 1; uniform: from 0 to 1"),
            Choice("when", "always", ("always", "training"), "training: zeros in evaluation")),
))
