"""Transformers: images as patches, text, and both at once."""

from __future__ import annotations

from .entry import network, recipe

FAMILY = "Transformers"
VIT = "Dosovitskiy et al. 2021, arXiv:2010.11929"
CLIP = "Radford et al. 2021, arXiv:2103.00020, section 2 and figure 3"
GPT = "Radford et al. 2019, Language Models are Unsupervised Multitask Learners"
LOG_SCALE = 2.6592600369327783  # ln(1/0.07), the temperature that the contrast starts from: section 2.5 of CLIP's paper


def vision_transformer(g, image, *, patch_size: int, width: int, layers: int, heads: int, mlp_dim: int, classes: int):
    """Patches become tokens, tokens attend to each other, and the class token answers."""
    x = g.PatchEmbedding(image, patch_size=patch_size, embed_dim=width, name="patches")
    x = g.PositionEmbedding(g.ClassToken(x, name="tokens"), name="position")
    x = g.TransformerEncoderBlock(x, num_heads=heads, mlp_dim=mlp_dim, eps=1e-6, repeat=layers, name="layers")
    x = g.Select(g.LayerNorm(x, eps=1e-6, name="ln"), dim=1, index=0, name="answer")
    return g.Linear(x, out_features=classes, name="head")


@network(name="vit-b16", title="Vision Transformer B/16", family=FAMILY, decks=("ECNU",), task="classification", parameters=86_567_656,
         paper=f"{VIT}, table 1; torchvision's vit_b_16", inputs=((3, 224, 224),), outputs=((1000,),), data="ImageNet-1k",
         look="224/16 = 14: an image is a sentence of 14·14 = 196 words, and the class token makes 197. Open layers: nothing in there knows "
              "that the words were an image; position alone says so.")
def vit_b16(g, image):
    """An image is cut into 16×16 patches, which a transformer reads as words."""
    return vision_transformer(g, image, patch_size=16, width=768, layers=12, heads=12, mlp_dim=3072, classes=1000)


@network(name="vit-tiny-cifar", title="Vision Transformer for CIFAR-10", family=FAMILY, decks=("ECNU",), task="classification",
         parameters=2_697_610, paper=f"{VIT}; the sizes for small images of Lee et al. 2021, arXiv:2112.13492", inputs=((3, 32, 32),),
         outputs=((10,),), recipes={"cifar10": recipe(30, 128, "AdamW", lr=0.0005, weight_decay=0.05)},
         look="Patches of 4×4 make 64 words of a photograph, 65 with the class token. Attention has to find out what a convolution is born "
              "with: that neighbours belong together.")
def vit_tiny_cifar(g, image):
    """A small Vision Transformer for photographs of 32×32 pixels: nine layers of 192 numbers a token."""
    return vision_transformer(g, image, patch_size=4, width=192, layers=9, heads=12, mlp_dim=384, classes=10)


def clip(g, image, text, *, patch_size: int, vision: tuple[int, int, int], words: int, language: tuple[int, int, int], embed_dim: int):
    """Two towers, and the likeness of every image to every text; a tower is (width, layers, heads)."""
    width, layers, heads = vision
    x = g.PatchEmbedding(image, patch_size=patch_size, embed_dim=width, bias=False, name="patches")
    x = g.LayerNorm(g.PositionEmbedding(g.ClassToken(x, name="tokens"), name="position"), name="ln_pre")
    x = g.TransformerEncoderBlock(x, num_heads=heads, activation="QuickGELU", repeat=layers, name="image_layers")
    x = g.LayerNorm(g.Select(x, dim=1, index=0, name="image_token"), name="ln_post")
    seen = projected(g, x, width, embed_dim, "image")
    width, layers, heads = language
    y = g.PositionEmbedding(g.Embedding(text, num_embeddings=words, embedding_dim=width, name="words"), name="text_position")
    y = g.TransformerEncoderBlock(y, num_heads=heads, activation="QuickGELU", is_causal=True, repeat=layers, name="text_layers")
    # The end-of-text token has the largest number of all tokens; it is the only one that has seen the whole text.
    y = g.TakeAt(g.LayerNorm(y, name="ln_final"), g.ArgMax(text, dim=1, name="end_of_text"), name="text_token")
    read = projected(g, y, width, embed_dim, "text")
    likeness = g.MatMul(seen, g.Transpose(read, dim0=0, dim1=1, name="turned"), name="likeness")
    scale = g.Exp(g.Parameter(shape=(1, 1), init="constant", value=LOG_SCALE, name="logit_scale"), name="temperature")
    logits = g.Multiply(likeness, scale, name="logits")
    g.Output(logits, name="output")
    g.Output(g.Transpose(logits, dim0=0, dim1=1, name="of_text"), name="per_text")


def projected(g, x, width: int, embed_dim: int, name: str):
    """A tower's answer in the space of both, with length 1."""
    matrix = g.Parameter(shape=(width, embed_dim), init="normal", std=width ** -0.5, name=f"{name}_projection")
    return g.L2Normalize(g.MatMul(x, matrix, name=f"{name}_projected"), dim=1, name=f"{name}_features")


@network(name="clip-mini", title="CLIP for digits", family=FAMILY, decks=("ECNU",), task="matching", parameters=323_649, paper=CLIP,
         inputs=((3, 28, 28), (8,)), outputs=(("N",), ("N",)), whole=("text",), data="digits beside their names in words",
         look="The answer is N×N: in a batch, each image is held against each text, and the diagonal should win. Nowhere is a list of classes.")
def clip_mini(g, image, text):
    """CLIP small enough for digits: three layers a tower, a vocabulary of 64, texts of 8 tokens."""
    clip(g, image, text, patch_size=7, vision=(64, 3, 4), words=64, language=(64, 3, 4), embed_dim=64)


@network(name="clip-vit-b32", title="CLIP ViT-B/32", family=FAMILY, decks=("ECNU",), task="matching", parameters=151_277_313,
         paper=f"{CLIP}; sizes of the authors' ViT-B/32", inputs=((3, 224, 224), (77,)), outputs=(("N",), ("N",)), whole=("text",),
         data="400 million images with their captions from the web",
         look="The two towers never see each other before likeness: 512 numbers each is all that they exchange. logit_scale is one learned "
              "number, the temperature of the contrast.")
def clip_vit_b32(g, image, text):
    """Reads images and texts into one space, where what belongs together lies together."""
    clip(g, image, text, patch_size=32, vision=(768, 12, 12), words=49_408, language=(512, 12, 8), embed_dim=512)


def gpt(g, tokens, *, words: int, context: int, width: int, layers: int, heads: int, dropout: float):
    """Each position guesses the next token; the table that reads the words writes them too."""
    table = g.Parameter(shape=(words, width), init="normal", std=0.02, name="wte")
    places = g.Embedding(g.Arange(length=16, name="positions"), num_embeddings=context, embedding_dim=width, name="wpe")
    x = g.Add(g.EmbeddingWith(tokens, table, name="words"), g.Unsqueeze(places, dim=0, name="places"), name="embedded")
    x = g.Dropout(x, p=dropout, name="drop") if dropout else x
    x = g.TransformerDecoderBlock(x, num_heads=heads, dropout=dropout, repeat=layers, name="h")
    return g.LinearWith(g.LayerNorm(x, name="ln_f"), table, name="lm_head")


@network(name="gpt2-small", title="GPT-2 small", family=FAMILY, decks=("CUHK", "CUHK-marp"), task="language", parameters=124_439_808,
         paper=f"{GPT}, table 2", inputs=((16,),), outputs=((16, 50_257),), whole=("tokens",), data="WebText: 40 GB of pages from the web",
         initializer={"kind": "Normal", "std": 0.02},
         look="wte has two readers: the table that turns words into numbers also turns numbers into words, so 38.6 million weights are counted "
              "once. Open h and see that each token attends to the ones before it alone.")
def gpt2_small(g, tokens):
    """The smallest GPT-2: twelve layers guess the next word at every place of a text."""
    return gpt(g, tokens, words=50_257, context=1024, width=768, layers=12, heads=12, dropout=0.1)


@network(name="gpt-mini", title="GPT for characters", family=FAMILY, decks=("CUHK", "CUHK-marp"), task="language", parameters=813_824,
         paper=f"{GPT}; the same with four layers", inputs=((16,),), outputs=((16, 96),), whole=("tokens",), data="any plain text: 95 printable characters and the end of a line",
         initializer={"kind": "Normal", "std": 0.02},
         look="Every one of the 16 positions is a task of its own: 16 guesses a sample. It could read 64 characters; change the Input and the "
              "length of positions to let it.")
def gpt_mini(g, tokens):
    """A GPT of four layers that guesses the next character."""
    return gpt(g, tokens, words=96, context=64, width=128, layers=4, heads=4, dropout=0.0)
