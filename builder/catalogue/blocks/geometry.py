"""Composites that work on coordinates: images that are turned, clouds of points. Axis names: N batch, C channels, P points, H and W pixels."""

from ..params import Bool, Int
from ..sizes import BATCH as N
from .composite import block

STN = "Jaderberg et al. 2015, arXiv:1506.02025"
POINTNET = "Qi et al. 2017, arXiv:1612.00593"
MATCHING = "Rocco et al. 2017, arXiv:1703.05593"


@block(category="Geometry blocks", source=f"{STN}, section 3 and figure 2; in the form of the PyTorch tutorial", stem="stn", example=((N, 1, 28, 28),),
       params=(Int("channels1", 8, "channels of the first convolution of the localisation network"),
               Int("channels2", 10, "channels of the second"),
               Int("hidden", 32, "width of its fully connected layer")))
def SpatialTransformer(g, x, channels1, channels2, hidden):
    """Finds how each image should be turned, scaled and moved, and samples it so; it begins by changing nothing."""
    y = g.Conv2d(x, out_channels=channels1, kernel_size=7, name="loc_conv1")
    y = g.ReLU(g.MaxPool2d(y, kernel_size=2, name="loc_pool1"), name="loc_relu1")
    y = g.Conv2d(y, out_channels=channels2, kernel_size=5, name="loc_conv2")
    y = g.ReLU(g.MaxPool2d(y, kernel_size=2, name="loc_pool2"), name="loc_relu2")
    y = g.ReLU(g.Linear(g.Flatten(y, name="flatten"), out_features=hidden, name="loc_fc1"), name="loc_relu3")
    y = g.Linear(y, out_features=6, init="identity", name="loc_fc2")
    theta = g.Reshape(y, shape=(2, 3), name="theta")
    return g.GridSample(x, g.AffineGrid(theta, size=x.shape[2:], name="grid"), name="sample")


@block(category="Geometry blocks", source=f"{POINTNET}, figure 2", stem="unit", example=((N, 3, 1024),), params=(
    Int("out_channels", 64, "numbers a point afterwards"),
    Bool("activation", True, "a ReLU at the end; the last layer before the maximum has none"),
))
def PointUnit(g, x, out_channels, activation):
    """One layer of an MLP that all points share: a window of one point, batch normalisation and a ReLU."""
    y = g.BatchNorm1d(g.Conv1d(x, out_channels=out_channels, kernel_size=1, name="conv"), name="bn")
    return g.ReLU(y, name="act") if activation else y


@block(category="Geometry blocks", source=f"{POINTNET}, section 4.2 and appendix C", stem="tnet", example=((N, 3, 1024),))
def TNet(g, x):
    """A small PointNet that looks at all points and gives one matrix for them; it begins near the identity."""
    size, y = x.channels, x
    for i, channels in enumerate((64, 128, 1024), 1):
        y = g.PointUnit(y, out_channels=channels, name=f"unit{i}")
    y = g.Max(y, dims=(2,), name="pool")                                         # N 1024
    for i, features in enumerate((512, 256), 1):
        y = g.Linear(y, out_features=features, name=f"fc{i}")
        y = g.ReLU(g.BatchNorm1d(y, name=f"fc{i}_bn"), name=f"fc{i}_act")
    y = g.Reshape(g.Linear(y, out_features=size * size, name="fc3"), shape=(size, size), name="matrix")
    return g.Add(y, g.Buffer(shape=(1, size, size), fill="eye", name="identity"), name="transform")


@block(category="Geometry blocks", source=f"{POINTNET}, section 4.2", stem="align", example=((N, 3, 1024),), outputs=("points", "matrix"))
def AlignPoints(g, x):
    """Multiplies all points by the matrix that a T-Net finds for them; the matrix leaves as well, for the loss that keeps it a rotation."""
    matrix = g.TNet(x, name="tnet")
    rows = g.MatMul(g.Transpose(x, dim0=1, dim1=2, name="rows"), matrix, name="multiply")  # N P C
    return g.Transpose(rows, dim0=1, dim1=2, name="columns"), matrix


@block(category="Geometry blocks", source=f"{MATCHING}, section 3.2", stem="correlation", example=((N, 512, 15, 15), (N, 512, 15, 15)))
def Correlation(g, a, b):
    """The likeness of every place of one image to every place of another: at each place of b a channel for each place of a."""
    g.require(len(a.shape) == len(b.shape) == 4, "reads two N×C×H×W", "rank")
    # The places of a are counted column by column, as in the paper's own code, which began in MATLAB.
    columns = g.Flatten(g.Transpose(a, dim0=2, dim1=3, name="turn"), start_dim=2, name="a_places")
    rows = g.Transpose(g.Flatten(b, start_dim=2, name="b_row"), dim0=1, dim1=2, name="b_places")
    likeness = g.MatMul(rows, columns, name="likeness")                            # N H*W of b, H*W of a
    image = g.Reshape(likeness, shape=(*b.shape[2:], likeness.shape[2]), name="image")
    return g.L2Normalize(g.ReLU(g.Permute(image, dims=(0, 3, 1, 2), name="volume"), name="matches"), dim=1, name="normalise")
