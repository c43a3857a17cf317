"""The first networks of the gallery: small enough for tests that look closely at every one."""

from builder.gallery import ENTRIES

FIRST = {name: ENTRIES[name] for name in ("mnist-cnn", "fashion-mlp", "lenet-cifar", "bootcamp-cnn")}
