"""Brickwork: draw a neural network, train it, take it away as plain PyTorch."""
