"""Composites: bricks made of bricks, from the papers that introduced them. Adding one is one decorated function in a family's file."""

from . import convolution, detection, fourier, generative, geometry, inception, residual, segmentation, transformer, translation, unet
from .composite import BLOCK_CATEGORIES, COMPOSITES, REPEAT, Body, Composite, Traced, TracedStep, Value, block

__all__ = ["BLOCK_CATEGORIES", "COMPOSITES", "REPEAT", "Body", "Composite", "Traced", "TracedStep", "Value", "block"]

# Imported for what they register.
FAMILIES = (convolution, residual, inception, unet, segmentation, detection, translation, generative, transformer, geometry, fourier)
