"""Words and other rows of things: looked up in a table, or read one after the other."""

from __future__ import annotations

from .combining import Made, Values, combining, made, refuse, work
from .formulas import DOCS
from .params import Bool, Choice, Float, Int
from .reach import everything
from .sizes import BATCH, Shape, carries_batch, show
from .spec import Layer, register

register(Layer(
    kind="Embedding", stem="embedding", category="Sequence", module="torch.nn.Embedding", reads="int", gives="float", pattern="... -> ... embedding_dim", example=((BATCH, 16),),
    summary="Looks every whole number up in a learned table: a word, a position, a class becomes a row of numbers.",
    words="a table of {num_embeddings} rows of {embedding_dim} numbers.", source=f"Bengio et al. 2003, jmlr.org/papers/v3/bengio03a.html; {DOCS}Embedding.html",
    params=(Int("num_embeddings", 100, "rows of the table: every input must be below this"), Int("embedding_dim", 32, "numbers a row")),
    keys=("num_embeddings", "embedding_dim"), weights="num_embeddings * embedding_dim",
))


def read_in_order(values: Values, x: Shape) -> Made:
    """RNN, LSTM, GRU: what every position gives, and the last state of every layer."""
    if len(x) != 3:
        refuse(f"expects 3 axes ({'N T F' if values['batch_first'] else 'T N F'}), received {len(x)}: {show(x)}", code="rank")
    batch, length = (0, 1) if values["batch_first"] else (1, 0)
    if carries_batch((x[length], x[2])):
        refuse("it would read samples one after the other: the batch is not where it should be", f"received {show(x)}; batch_first is {values['batch_first']}",
               field="batch_first")
    ways, hidden = 2 if values["bidirectional"] else 1, values["hidden_size"]
    widths = [x[2], *[hidden * ways] * (values["num_layers"] - 1)]
    products = ways * sum(hidden * (width + hidden) for width in widths)
    state = (ways * values["num_layers"], x[batch], hidden)
    return made(((*x[:2], ways * hidden), *[state] * values.get("states", 1)), f"{x[length]} steps; the state is {hidden} numbers{' in each direction' if ways == 2 else ''}",
                input_size=x[2], products=products, offsets=2 * ways * hidden * values["num_layers"], **{"N": 1, "total": work(x[batch] * x[length] * products)["total"]})


def _two_states(values: Values, x: Shape) -> Made:
    return read_in_order({**values, "states": 2}, x)


RECURRENT = (Int("hidden_size", 64, "numbers of the state"), Int("num_layers", 1, "layers, each reading what the one before it gives", max=1000),
             Bool("bias", True, "learn offsets"), Bool("batch_first", True, "axes N T F; off: T N F"),
             Float("dropout", 0.0, "share set to zero between layers while training", min=0.0, max=1.0), Bool("bidirectional", False, "read from the end as well"))
# The last number: bytes that the steps leave for the backward pass, for every number that comes out, as measured on the CPU.
KINDS = (("RNN", 1, ("output", "h"), "Elman 1990, doi.org/10.1207/s15516709cog1402_1", "mixes what comes in with its state",
          (Choice("nonlinearity", "tanh", ("tanh", "relu"), "how the state is bent"),), 6),
         ("LSTM", 4, ("output", "h", "c"), "Hochreiter & Schmidhuber 1997, doi.org/10.1162/neco.1997.9.8.1735", "keeps, forgets and gives through learned gates", (), 64),
         ("GRU", 3, ("output", "h"), "Cho et al. 2014, arXiv:1406.1078", "renews its state through two learned gates", (), 29))

for _kind, _gates, _outputs, _paper, _does, _more, _left in KINDS:
    register(Layer(
        kind=_kind, stem=_kind.lower(), category="Sequence", module=f"torch.nn.{_kind}", combine=combining(_two_states if len(_outputs) == 3 else read_in_order), window=everything,
        summary=f"Reads a row of things one after the other and {_does}.", source=f"{_paper}; {DOCS}{_kind}.html", pattern="N T F -> N T hidden_size, layers N hidden_size", example=((BATCH, 28, 28),),
        inferred={"input_size": "input_size"}, params=(*RECURRENT, *_more), keys=("hidden_size", "num_layers"), outputs=len(_outputs), output_names=_outputs,
        extra=f"{_left} * outputs * num_layers", unpack="{0}, ({1}, {2})" if len(_outputs) == 3 else "", weights=f"{_gates} * (products + (offsets if bias else 0))", macs=f"{_gates} * total",
    ))
