"""A whole training as one Python file that needs torch, and torchvision for its data sets, alone."""

from __future__ import annotations

from builder.compile.source import plain
from builder.graph import Project
from builder.graph.rules.words import listed

from .parts import Part, Training, parts, training
from .validation import OPTION, split

# Modules of the standard library come first, as everywhere.
THIRD = ("torch", "torchvision", "PIL")


def script(project: Project, threads: int | None = None) -> str:
    """The script's text, for so many threads (those that a run takes here, where none are told); raises ExportError when the project has no training and BuildError when the drawing has errors."""
    made = training(project, threads)
    # The packed data stands last: what is read comes first.
    ordered = [*(part for part in parts(made) if part.imports), main(made), *(part for part in parts(made) if not part.imports)]
    body = "\n\n".join(part.code for part in ordered)
    return f'{_head(made)}\n{imports(ordered)}\n\n{body}\n\nif __name__ == "__main__":\n    main()\n'


def imports(listed: list[Part]) -> str:
    """The import lines that parts need, sorted, the standard library's first."""
    lines = sorted({line for part in listed for line in part.imports} | {"import torch", "from torch import nn"},
                   key=lambda line: (line.startswith("from"), line))
    ours = [[line for line in lines if (line.split()[1].split(".")[0] in THIRD) is third] for third in (False, True)]
    return "\n".join([*ours[0], "", *ours[1], ""] if ours[0] else [*ours[1], ""])


def _head(made: Training) -> str:
    needs = f"{listed(made.needs)} alone"
    return f'''"""{made.name}: the network and its training on {plain(made.dataset.title)}, drawn in Brickwork.
{_where(made)}
It needs {needs}; --help lists its options. On the CPU it prints the losses of the run in Brickwork, to the last bit,
with the same torch on the same kind of processor.
"""
'''


def _where(made: Training) -> str:
    """Where a person's own data must lie."""
    if not made.own:
        return ""
    number = made.dataset.name.partition(":")[2][:12]
    return f"""
The samples are in a file of their own: `python -m builder data show {number}` says where Brickwork keeps it. Copy it beside this
script as data.safetensors, or name it with --data.
"""


def main(made: Training) -> Part:
    """The options and the run."""
    folder = "" if made.builtin else OWN_FILE if made.own else FOLDER
    read = f"read_data({'options.data' if folder else ''})"
    code = MAIN.format(test=OPTION if made.validated else "", read=f"    *data, test_images, test_labels = {split(read, made.validation)}\n" if made.validated else "",
                       samples="data" if made.validated else read, tested=", test=(test_images, test_labels) if options.test else None" if made.validated else "",
                       epochs=made.epochs, seed=made.seed, threads=made.threads, folder=folder,
                       file=FILE if made.weights else "", weights=", options.weights" if made.weights else "")
    return Part("Run", "", code if made.images else code.replace("images", "samples"), ("import argparse", "import torch"))


FOLDER = '''\
    parser.add_argument("--data", default="data", metavar="FOLDER", help="where torchvision keeps its data sets (data)")
'''
OWN_FILE = '''\
    parser.add_argument("--data", default="data.safetensors", metavar="FILE", help="the samples, as Brickwork keeps them (%(default)s)")
'''
FILE = '''\
    parser.add_argument("--weights", default="weights.safetensors", metavar="FILE",
                        help="the starting weights, as `python -m builder export --to weights` writes them (%(default)s)")
'''
MAIN = '''\
def main():
    parser = argparse.ArgumentParser(description="Trains the network and prints the losses of every epoch.")
    parser.add_argument("--epochs", type=int, default={epochs}, help="passes over the training samples (%(default)s)")
    parser.add_argument("--seed", type=int, default={seed}, help="first weights, order and dropout follow from it (%(default)s)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="where to train (%(default)s)")
{folder}\
{file}\
{test}\
    parser.add_argument("--save", metavar="FILE", help="write the trained weights to this file (.pt)")
    options = parser.parse_args()
    # As many threads as in Brickwork: the order in which they add numbers up decides about the last bit.
    torch.set_num_threads({threads})
{read}\
    network = train({samples}, options.epochs, options.seed, options.device{weights}{tested})
    if options.save:
        torch.save(network.state_dict(), options.save)
'''
