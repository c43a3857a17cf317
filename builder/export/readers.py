"""How an exported training reads its data, as texts: built in, a person's own, or by torchvision."""

from __future__ import annotations

DIGITS = '''\
def read_data():
    """Training images uint8 (N 1 28 28) and labels, test images and labels."""
    table = torch.frombuffer(bytearray(zlib.decompress(base64.b64decode(digits))), dtype=torch.uint8).reshape(65, {rows}).T
    small = table[:, :64].reshape(-1, 1, 8, 8).float()  # pixels of 0 to 16
    large = nn.functional.interpolate(small, (28, 28), mode="bilinear", align_corners=False, antialias=True)
    images, labels = (large * (255 / 16)).round().clamp(0, 255).to(torch.uint8), table[:, 64].long()
    return images[:{train}], labels[:{train}], images[{train}:], labels[{train}:]
'''
POINTS_CODE = '''\
def read_data():
    """Training points float32 (N 2) and labels, test points and labels."""
    points = torch.tensor({call})
    labels = torch.arange(len(points)) % 2
    return points[:{half}], labels[:{half}], points[{half}:], labels[{half}:]
'''
# The format: https://github.com/huggingface/safetensors#format
KEPT = '''\
def read_data(file):
    """Training samples and labels, {says}test samples and labels, of a safetensors file."""
    with open(file, "rb") as stream:
        head = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
        content = bytearray(stream.read())

    def tensor(name):
        kind, shape = head[name]["dtype"], head[name]["shape"]
        values = content[slice(*head[name]["data_offsets"])]
        return torch.frombuffer(values, dtype={{"U8": torch.uint8, "F32": torch.float32, "I64": torch.int64}}[kind]).reshape(shape)

    return tensor("train_x"), tensor("train_y"), {given}tensor("test_x"), tensor("test_y")
'''
DISTORTED_CODE = '''\
def read_data():
    """Training images uint8 (N 1 28 28) and labels, test images and labels."""
    images, labels, test_images, test_labels = read_digits()
    return distorted(images, {times}, 0), labels.repeat({times}), distorted(test_images, {times}, 1), test_labels.repeat({times})
'''
GREY = '''\
def read_data(folder):
    """Training images uint8 (N 1 28 28) and labels, test images and labels."""
    train, test = (torchvision.datasets.{kind}(folder, train=part, download=True) for part in (True, False))
    return train.data[:, None], train.targets, test.data[:, None], test.targets
'''
COLOUR = '''\
def read_data(folder):
    """Training images uint8 (N 3 32 32) and labels, test images and labels."""
    train, test = (torchvision.datasets.{kind}(folder, train=part, download=True) for part in (True, False))
    images, test_images = (torch.from_numpy(part.data).permute(0, 3, 1, 2) for part in (train, test))
    return images, torch.tensor(train.targets), test_images, torch.tensor(test.targets)
'''
LETTERS = '''\
def read_data(folder):
    """Training images uint8 (N 1 28 28) and labels, test images and labels."""
    # EMNIST's images lie on their side in its files.
    train, test = (torchvision.datasets.EMNIST(folder, "{part}", train=training, download=True) for training in (True, False))
    return train.data[:, None].mT.contiguous(), train.targets{first}, test.data[:, None].mT.contiguous(), test.targets{first}
'''
PARTS = '''\
def read_data(folder):
    """Training images uint8 (N {shape}) and labels, test images and labels."""
    parts = [torchvision.datasets.{kind}(folder, part, download=True) for part in ("train", "test")]
    train, test = ((torch.from_numpy(part.data).contiguous(), torch.from_numpy(part.labels).long()) for part in parts)
    return *train, *test
'''
# By torchvision's classes; the others read as MNIST or CIFAR-10 do.
READERS = {"EMNIST": LETTERS, "SVHN": PARTS, "STL10": PARTS}
