"""Names to torch's objects, also while torch is still on its way."""

from __future__ import annotations

import subprocess
import sys

RACE = """
import sys, threading
from builder.compile.resolve import resolve
failed = []
threading.excepthook = lambda args: failed.append(args.exc_value)
thread = threading.Thread(target=__import__, args=("torch",))
thread.start()
while "torch._C" not in sys.modules:
    pass
print(resolve("torch.nn.Conv2d").__name__)
thread.join()
print(failed)
"""


def test_a_layer_asked_for_while_torch_is_being_imported_waits_for_it(root):
    done = subprocess.run([sys.executable, "-c", RACE], cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "Conv2d\n[]\n"), done.stderr
