"""Composites of transformers. Axis names: N batch, T tokens, E numbers a token (the embedding)."""

from ..params import Bool, Choice, Float, Int
from ..sizes import BATCH as N
from .composite import block

VIT = "Dosovitskiy et al. 2021, arXiv:2010.11929"
GPT = "Radford et al. 2019, Language Models are Unsupervised Multitask Learners, section 2.3"
ATTENTION = "Vaswani et al. 2017, arXiv:1706.03762"
GELU = "Hendrycks & Gimpel 2016, arXiv:1606.08415, section 2"

TOKENS = ((N, 64, 128),)
HEADS = Int("num_heads", 4, "independent attentions, each on its share of the E numbers", max=4096)
HIDDEN = Int("mlp_dim", None, "width of the middle of the MLP; empty = four times E", optional=True)
BEND = Choice("activation", "GELU", ("GELU", "GELU tanh", "QuickGELU", "ReLU"), "the non-linearity of the MLP; GPT-2 has GELU tanh, CLIP QuickGELU")
DROP = Float("dropout", 0.0, "share set to zero while training, behind the attention and in the MLP", min=0.0, max=1.0)
CAUSAL = Bool("is_causal", False, "no token sees one that comes after it")
EPS = Float("eps", 1e-5, "of the layer normalisations; torchvision's ViT has 1e-6", min=1e-12)


@block(category="Transformer blocks", source=GELU, stem="act", example=TOKENS)
def QuickGELU(g, x):
    """GELU made of one sigmoid: x times sigmoid(1.702 x)."""
    return g.Multiply(x, g.Sigmoid(g.Scale(x, factor=1.702, name="scale"), name="gate"), name="out")


def bend(g, x, activation):
    """The activation that a block's parameter names."""
    if activation == "GELU tanh":
        return g.GELU(x, approximate="tanh", name="act")
    return getattr(g, activation)(x, name="act")


def dropped(g, x, dropout, name):
    """Dropout where there is a share to drop."""
    return g.Dropout(x, p=dropout, name=name) if dropout else x


@block(category="Transformer blocks", source=f"{ATTENTION}, section 3.3", stem="mlp", example=TOKENS, params=(HIDDEN, BEND, DROP))
def MLPBlock(g, x, mlp_dim, activation, dropout):
    """Two Linear layers with an activation between them, for every token on its own: wider, then as wide as before."""
    width = x.shape[-1]
    y = bend(g, g.Linear(x, out_features=mlp_dim or 4 * width, name="fc1"), activation)
    y = g.Linear(dropped(g, y, dropout, "dropout1"), out_features=width, name="fc2")
    return dropped(g, y, dropout, "dropout2")


@block(category="Transformer blocks", source=f"{ATTENTION}, section 3.2; {GPT}", stem="attn", example=TOKENS, keys=("num_heads", "is_causal"),
       params=(HEADS, CAUSAL, DROP))
def SelfAttention(g, x, num_heads, is_causal, dropout):
    """Every token asks all tokens (query), each says what it offers (key) and gives (value); what fits is mixed, head by head."""
    g.require(len(x.shape) == 3, f"reads N×T×E, received {len(x.shape)} axes", "rank")
    tokens, width = x.shape[1:3]
    g.require(width % num_heads == 0, f"{width} numbers a token do not split into {num_heads} heads")
    heads = []
    for part in g.Chunk(g.Linear(x, out_features=3 * width, name="c_attn"), chunks=3, dim=2, name="split"):
        name = ("query", "key", "value")[len(heads)]
        part = g.Reshape(part, shape=(tokens, num_heads, width // num_heads), name=f"{name}_heads")  # N T heads E/heads
        heads.append(g.Permute(part, dims=(0, 2, 1, 3), name=name))
    y = g.ScaledDotProductAttention(*heads, is_causal=is_causal, dropout_p=dropout, name="attention")
    y = g.Reshape(g.Permute(y, dims=(0, 2, 1, 3), name="join"), shape=(tokens, width), name="joined")
    return dropped(g, g.Linear(y, out_features=width, name="c_proj"), dropout, "dropout")


@block(category="Transformer blocks", source=f"{VIT}, equations 2 and 3", stem="layer", example=TOKENS, keys=("num_heads", "mlp_dim"),
       params=(HEADS, HIDDEN, BEND, CAUSAL, DROP, EPS))
def TransformerEncoderBlock(g, x, num_heads, mlp_dim, activation, is_causal, dropout, eps):
    """Attention between the tokens, then an MLP on each; both are normalised first and added to what came in."""
    y = g.LayerNorm(x, eps=eps, name="ln_1")
    y = g.MultiheadAttention(y, y, y, num_heads=num_heads, is_causal=is_causal, name="self_attention")
    x = g.Add(x, dropped(g, y, dropout, "dropout"), name="add1")
    y = g.MLPBlock(g.LayerNorm(x, eps=eps, name="ln_2"), mlp_dim=mlp_dim, activation=activation, dropout=dropout, name="mlp")
    return g.Add(x, y, name="add2")


@block(category="Transformer blocks", source=f"{GPT}; normalised first: Xiong et al. 2020, arXiv:2002.04745", stem="layer", example=TOKENS,
       keys=("num_heads",), params=(HEADS, DROP))
def TransformerDecoderBlock(g, x, num_heads, dropout):
    """A layer of a GPT: attention to the tokens before, then an MLP; both are normalised first and added to what came in."""
    y = g.SelfAttention(g.LayerNorm(x, name="ln_1"), num_heads=num_heads, is_causal=True, dropout=dropout, name="attn")
    x = g.Add(x, y, name="add1")
    y = g.MLPBlock(g.LayerNorm(x, name="ln_2"), activation="GELU tanh", dropout=dropout, name="mlp")
    return g.Add(x, y, name="add2")


@block(category="Transformer blocks", source=f"{VIT}, equation 1", stem="patches", example=((N, 3, 224, 224),), keys=("patch_size", "embed_dim"), params=(
    Int("patch_size", 16, "side of a patch, pixels", max=4096),
    Int("embed_dim", 768, "numbers a token"),
    Bool("bias", True, "learn an offset; CLIP has none"),
))
def PatchEmbedding(g, x, patch_size, embed_dim, bias):
    """Cuts an image into square patches and makes a token of each."""
    y = g.Conv2d(x, out_channels=embed_dim, kernel_size=patch_size, stride=patch_size, bias=bias, name="conv_proj")
    return g.Transpose(g.Flatten(y, start_dim=2, name="row"), dim0=1, dim1=2, name="tokens")  # N E H W -> N T E


@block(category="Transformer blocks", source=f"{VIT}, equation 1; Devlin et al. 2019, arXiv:1810.04805", stem="tokens", example=TOKENS)
def ClassToken(g, x):
    """Puts one learned token in front of the others: what the layers gather there is the answer."""
    token = g.Parameter(shape=(1, 1, x.shape[-1]), init="zeros", name="class_token")
    return g.Concat(g.ExpandBatch(token, x, name="expand"), x, dim=1, name="concat")


@block(category="Transformer blocks", source=f"{VIT}, equation 1", stem="position", example=TOKENS)
def PositionEmbedding(g, x):
    """Adds a learned vector to every token, one for each position: attention alone knows no order."""
    return g.Add(x, g.Parameter(shape=(1, *x.shape[1:]), init="normal", std=0.02, name="pos_embedding"), name="add")
