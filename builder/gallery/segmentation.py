"""Networks that give one answer a pixel."""

from __future__ import annotations

from .entry import network, recipe
from .residual import stem

FAMILY = "Segmentation"
FCN = "Long et al. 2015, arXiv:1411.4038"
VOC = "Pascal VOC: photographs with a class for every pixel, 20 and the background"
UNET = "Ronneberger et al. 2015, arXiv:1505.04597"


def arms(g, image, **params):
    """The way down and the way up of a U-Net of five sizes."""
    skips = [g.DoubleConv(image, out_channels=64, name="inc", **params)]
    for i, channels in enumerate((128, 256, 512, 1024), 1):
        skips.append(g.UNetDown(skips[-1], out_channels=channels, name=f"down{i}", **params))
    x = skips.pop()
    for i, channels in enumerate((512, 256, 128, 64), 1):
        x = g.UNetUp(x, skips.pop(), out_channels=channels, name=f"up{i}", **params)
    return g.Conv2d(x, out_channels=2, kernel_size=1, name="outc")


@network(name="unet", title="U-Net", family=FAMILY, decks=("ECNU", "CUHK-marp"), task="segmentation", parameters=31_037_698,
         paper=f"{UNET}; padded and normalised, as in milesial/Pytorch-UNet", inputs=((3, 96, 96),), outputs=((2, 96, 96),),
         data="pairs of a picture and a mask: Carvana's cars, or cells under a microscope",
         look="Four steps down, four up: at every size the way up is laid beside what the way down had, so that sharp edges survive. The image shrinks "
              "to 6×6 in down4 and comes back whole: any size that 16 divides goes.")
def unet(g, image):
    """Says for every pixel what it belongs to: a way down that sees the whole, a way up that puts it back in place."""
    return arms(g, image)


@network(name="unet-small", title="Small U-Net", family=FAMILY, decks=("ECNU", "CUHK-marp"), task="segmentation", parameters=29_508,
         paper=f"{UNET}; a quarter of the channels of a half of the sizes", inputs=((1, 64, 64),), outputs=((4, 64, 64),), recipes={"shapes": recipe(15, 20, "Adam", lr=0.003)},
         look="Two steps down, two up, and a minute of training. Watch the masks under the curves: background comes first, edges last. Cut a wire that "
              "goes across (Delete on the concatenation inside up1) and the edges stay soft.")
def unet_small(g, image):
    """A U-Net of three sizes: tells circles, squares and triangles from what is behind them, pixel by pixel."""
    skips = [g.DoubleConv(image, out_channels=8, name="inc")]
    for i, channels in enumerate((16, 32), 1):
        skips.append(g.UNetDown(skips[-1], out_channels=channels, name=f"down{i}"))
    x = skips.pop()
    for i, channels in enumerate((16, 8), 1):
        x = g.UNetUp(x, skips.pop(), out_channels=channels, name=f"up{i}")
    return g.Conv2d(x, out_channels=4, kernel_size=1, name="outc")


@network(name="unet-paper", title="U-Net of the paper", family=FAMILY, decks=("ECNU",), task="segmentation", parameters=31_030_658, paper=UNET,
         inputs=((1, 572, 572),), outputs=((2, 388, 388),), data="cells under a microscope: the ISBI challenge of 2015",
         look="572 pixels go in, 388 come out: no convolution pads, each takes a pixel off every side. What is laid across is larger than what it meets, "
              "so up1 to up4 crop its middle. Why 572? Every pooling must meet an even length.")
def unet_paper(g, image):
    """U-Net as it was published: nothing padded, so every pixel of the answer has seen its whole surroundings."""
    return arms(g, image, batch_norm=False, padded=False)


def dilated(g, x):
    """The stages of a ResNet-50 that shrinks the image 8 times instead of 32: later windows are spread out instead. Gives stages 3 and 4."""
    x = g.Bottleneck(x, out_channels=256, repeat=3, name="layer1")
    x = g.Bottleneck(g.Bottleneck(x, out_channels=512, stride=2, name="layer2_down"), out_channels=512, repeat=3, name="layer2")
    third = g.Bottleneck(g.Bottleneck(x, out_channels=1024, name="layer3_wide"), out_channels=1024, dilation=2, repeat=5, name="layer3")
    x = g.Bottleneck(third, out_channels=2048, dilation=2, name="layer4_wide")
    return third, g.Bottleneck(x, out_channels=2048, dilation=4, repeat=2, name="layer4")


@network(name="fcn-resnet50", title="FCN with ResNet-50", family=FAMILY, decks=("CUHK", "CUHK-marp"), task="segmentation", parameters=35_322_218,
         paper=f"{FCN}; as in torchvision", inputs=((3, 224, 224),), outputs=((21, 224, 224), (21, 224, 224)), data=VOC,
         look="A classifier without a flattening: its last layer gives 21 scores at each of 28×28 places, which are blended to full size. layer3 and layer4 "
              "do not stride, their windows are spread out. Without the auxiliary head 32,957,013 parameters.")
def fcn_resnet50(g, image):
    """A backbone that classifies, asked at every place instead of once."""
    third, fourth = dilated(g, stem(g, image))
    y = g.ResizeAs(g.FCNHead(fourth, name="classifier"), image, name="resize")
    g.Output(g.ResizeAs(g.FCNHead(third, name="aux_classifier"), image, name="resize_aux"), name="output_aux")
    return y


@network(name="fcn8s-vgg16", title="FCN-8s", family=FAMILY, decks=("CUHK", "CUHK-marp"), task="segmentation", parameters=134_489_759,
         paper=f"{FCN}, figure 3; the authors' voc-fcn8s", inputs=((3, 224, 224),), outputs=((21, 224, 224),), data=VOC,
         look="fc6 and fc7 of VGG16 as convolutions: the same weights, but any image goes through. The first layer pads 100 pixels so that even a small one "
              "fills fc6's window of 7×7. Three answers are added, from 1/32, 1/16 and 1/8 of the size: hence 8s.")
def fcn8s_vgg16(g, image):
    """VGG16 turned into a network for pixels; coarse scores are enlarged and sharpened by what finer layers say."""
    x = g.ReLU(g.Conv2d(image, out_channels=64, kernel_size=3, padding=100, name="conv1_1", silent=("wide padding",)), name="relu1_1")
    x = g.ReLU(g.Conv2d(x, out_channels=64, kernel_size=3, padding=1, name="conv1_2"), name="relu1_2")
    pools = [g.MaxPool2d(x, kernel_size=2, ceil_mode=True, name="pool1")]
    for i, (channels, convolutions) in enumerate(((128, 2), (256, 3), (512, 3), (512, 3)), 2):
        pools.append(g.VGGStage(pools[-1], out_channels=channels, convolutions=convolutions, ceil_mode=True, name=f"stage{i}"))
    x = g.Dropout2d(g.ReLU(g.Conv2d(pools[4], out_channels=4096, kernel_size=7, name="fc6"), name="relu6"), name="drop6")
    x = g.Dropout2d(g.ReLU(g.Conv2d(x, out_channels=4096, kernel_size=1, name="fc7"), name="relu7"), name="drop7")
    x = g.Conv2d(x, out_channels=21, kernel_size=1, name="score_fr")
    x = g.FCNFuse(g.FCNFuse(x, pools[3], offset=5, name="fuse_pool4"), pools[2], offset=9, name="fuse_pool3")
    x = g.ConvTranspose2d(x, out_channels=21, kernel_size=16, stride=8, bias=False, name="upscore8")
    return g.CropAt(x, image, offset=31, name="crop")
