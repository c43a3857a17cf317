"""Drawn, drawn in Brickwork."""

import torch
from torch import nn


class Network(nn.Module):
    """Drawn: N 1 28 28 -> N 10, 157,130 parameters."""

    def __init__(self):
        super().__init__()
        self.first_branch_with_a_long_name0 = nn.Conv2d(1, 4, kernel_size=3, padding=1)
        self.first_branch_with_a_long_name1 = nn.Conv2d(1, 4, kernel_size=3, padding=1)
        self.first_branch_with_a_long_name2 = nn.Conv2d(1, 4, kernel_size=3, padding=1)
        self.first_branch_with_a_long_name3 = nn.Conv2d(1, 4, kernel_size=3, padding=1)
        self.second_branch_with_a_long_name0 = nn.Conv2d(1, 4, kernel_size=3, padding=1)
        self.second_branch_with_a_long_name1 = nn.Conv2d(1, 4, kernel_size=3, padding=1)
        self.second_branch_with_a_long_name2 = nn.Conv2d(1, 4, kernel_size=3, padding=1)
        self.second_branch_with_a_long_name3 = nn.Conv2d(1, 4, kernel_size=3, padding=1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(15680, 10)

    def forward(self, image):
        first_branch_with_a_long_name0 = self.first_branch_with_a_long_name0(image)    # N 4 28 28
        first_branch_with_a_long_name1 = self.first_branch_with_a_long_name1(image)    # N 4 28 28
        first_branch_with_a_long_name2 = self.first_branch_with_a_long_name2(image)    # N 4 28 28
        first_branch_with_a_long_name3 = self.first_branch_with_a_long_name3(image)    # N 4 28 28
        second_branch_with_a_long_name0 = self.second_branch_with_a_long_name0(image)  # N 4 28 28
        second_branch_with_a_long_name1 = self.second_branch_with_a_long_name1(image)  # N 4 28 28
        second_branch_with_a_long_name2 = self.second_branch_with_a_long_name2(image)  # N 4 28 28
        second_branch_with_a_long_name3 = self.second_branch_with_a_long_name3(image)  # N 4 28 28
        x = (
            first_branch_with_a_long_name0 + first_branch_with_a_long_name1 +
            first_branch_with_a_long_name2 + first_branch_with_a_long_name3
        )                                                                              # N 4 28 28
        x = torch.cat([
            second_branch_with_a_long_name0, second_branch_with_a_long_name1,
            second_branch_with_a_long_name2, second_branch_with_a_long_name3, x
        ], dim=1)                                                                      # N 20 28 28
        x = self.flatten(x)                                                            # N 15680
        x = self.fc(x)                                                                 # N 10
        return x
