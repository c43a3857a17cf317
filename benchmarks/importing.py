"""Every classification and segmentation model of torchvision, and models of timm, imported: time, difference, bricks.

    python benchmarks/importing.py                    # all of torchvision
    python benchmarks/importing.py --timm             # one or two of each of timm's families
    python benchmarks/importing.py resnet152 timm:levit_128s
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

from builder.compile.importer import ImportRefused, import_module
from builder.compile.importer.sources import named

TIMM = """resnet26d resnetv2_50 regnety_002 efficientnet_b0 mobilenetv3_small_050 mobilenetv4_conv_small convnextv2_atto vit_tiny_patch16_224
deit3_small_patch16_224 beit_base_patch16_224 swin_tiny_patch4_window7_224 swinv2_tiny_window8_256 maxvit_nano_rw_256 coatnet_nano_rw_224 mixer_s32_224
gmlp_ti16_224 resmlp_12_224 poolformer_s12 pvt_v2_b0 cait_xxs24_224 crossvit_tiny_240 levit_128s xcit_nano_12_p16_224 visformer_tiny volo_d1_224
twins_svt_small nfnet_l0 dm_nfnet_f0 repvgg_a0 ghostnet_100 hrnet_w18_small densenet121 dpn48b dla34 cspdarknet53 inception_v4 inception_resnet_v2
nasnetalarge pnasnet5large xception41 skresnet18 resnest14d res2net50_14w_8s selecsls42b tresnet_m gcresnet33ts halonet26t botnet26t_256
lambda_resnet26t eva02_tiny_patch14_224 edgenext_xx_small mobilevit_xxs fastvit_t8 efficientformer_l1 tiny_vit_5m_224 hiera_tiny_224 nest_tiny
convmixer_768_32 focalnet_tiny_srf davit_tiny efficientvit_b0 efficientvit_m0 rexnet_100 seresnet50 legacy_senet154 mobilevitv2_050 repghostnet_050
hardcorenas_a tinynet_e fbnetc_100 mnasnet_100 sequencer2d_s haloregnetz_b vgg11 convit_tiny""".split()
SEGMENTED = 128  # pixels of the images of segmentation models


def torchvision_names() -> list[str]:
    """Classification and segmentation, quantised ones left out."""
    from torchvision import models

    return [*models.list_models(module=models), *models.list_models(module=models.segmentation)]


def row(source: str) -> tuple[str, bool]:
    """One model's line of the table, and whether it was imported."""
    begun = time.perf_counter()
    model = named(source)
    built = time.perf_counter() - begun
    shape = (3, SEGMENTED, SEGMENTED) if hasattr(model.module, "backbone") else model.shape
    begun = time.perf_counter()
    try:
        found = import_module(model.module, torch.zeros(1, *shape), model.name)
    except ImportRefused as error:
        return f"| {source} | {built:.1f} | | | | | refused: {error} |", False
    taken = time.perf_counter() - begun
    count = sum(p.numel() for p in model.module.parameters())
    return (f"| {source} | {built:.1f} | {taken:.1f} | {found.difference:.1g} | {len(found.project.network.nodes)} | {len(found.project.blocks)} "
            f"| {count:,} |"), True


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("names", nargs="*")
    arguments.add_argument("--timm", action="store_true")
    given = arguments.parse_args()
    names = given.names or (TIMM if given.timm else torchvision_names())
    warnings.simplefilter("ignore")
    print("| model | s to build | s to import and check | difference | bricks at the top | blocks | parameters |\n|-|-|-|-|-|-|-|")
    done = 0
    for name in names:
        line, fine = row(name if ":" in name else f"{'timm' if given.timm else 'torchvision'}:{name}")
        done += fine
        print(line, flush=True)
    print(f"\n{done} of {len(names)} imported.")


if __name__ == "__main__":
    main()
