"""What a run asks of the machine."""

from __future__ import annotations

import platform
import subprocess
import sys

# How many pages the system hands out in 30 steps of the lectures' MNIST CNN, before and after it is asked to.
PAGES = '''
import resource, torch
from builder import api
from builder.train.device import keep_freed_memory
torch.set_num_threads(1)
network = api.module(api.gallery("mnist-cnn")).to(memory_format=torch.channels_last)
inputs = torch.zeros(100, 1, 28, 28).to(memory_format=torch.channels_last)
def pages():
    first = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(30):
        network(inputs).sum().backward()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - first
pages()
before = pages()
asked = keep_freed_memory()
pages()
print(asked, before, pages())
'''


def test_memory_that_a_step_frees_is_there_for_the_next_one():
    answer = subprocess.run([sys.executable, "-c", PAGES], capture_output=True, text=True, check=True, timeout=120).stdout.split()
    # glibc alone has the setting.
    assert answer[0] == str(platform.libc_ver()[0] == "glibc")
    assert answer[0] == "False" or int(answer[2]) * 10 < int(answer[1])
