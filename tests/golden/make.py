"""Golden outputs of TFLM's interpreter.

Usage: make.py MODELS_FOLDER                one text file per model of the folder's folders
       make.py --layers FOLDER FILE         one line per exported network (called by tests/golden_layers.rs)
Needs tflite-micro 0.dev20261023182759 and numpy.

A model's line: input kind, FNV-1a 64 of the output bytes, first 16 output bytes.
A network's line: name, digest of the network, FNV-1a 64 of the outputs of all inputs, first 16 output bytes.
"""
import pathlib
import sys

import numpy as np
from tflite_micro.python.tflite_micro import runtime

VERSION = "# tflite-micro 0.dev20261023182759\n"
MASK = (1 << 64) - 1


def splitmix(seed):
    while True:
        seed = (seed + 0x9E3779B97F4A7C15) & MASK
        z = seed
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield (z ^ (z >> 31)) & 0xFF


def make(kind, count):
    name, number = kind.split(":")
    if name == "random":
        stream = splitmix(int(number))
        return bytes(next(stream) for _ in range(count))
    if name == "constant":
        return bytes([int(number)] * count)
    return bytes(0x7F if i // int(number) % 2 else 0x80 for i in range(count))


def fnv(data):
    h = 0xCBF29CE484222325
    for byte in data:
        h = ((h ^ byte) * 0x100000001B3) & MASK
    return h


def run(interpreter, inputs):
    """Outputs for one set of raw inputs."""
    for index, (detail, data) in enumerate(inputs):
        interpreter.set_input(np.frombuffer(data, detail["dtype"]).reshape(detail["shape"]), index)
    interpreter.invoke()
    return interpreter.get_output(0).tobytes()


def models(root):
    kinds = "random:1 random:2 random:3 constant:0 constant:127 constant:128 saturating:1 saturating:7".split()
    for path in sorted(root.glob("*/*.tflite")):
        if "lstm" in path.name:
            continue
        interpreter = runtime.Interpreter.from_file(str(path), arena_size=8 << 20)
        detail = interpreter.get_input_details(0)
        lines = []
        for kind in kinds:
            out = run(interpreter, [(detail, make(kind, int(np.prod(detail["shape"]))))])
            lines.append(f"{kind} {fnv(out):016x} {out[:16].hex()}\n")
        target = pathlib.Path(__file__).parent / f"{path.stem}.txt"
        target.write_text(VERSION + "".join(lines))
        print(path.stem)


def layers(folder, target):
    lines = []
    for line in (folder / "digests").read_text().splitlines():
        name, digest, count = line.split(" ")
        interpreter = runtime.Interpreter.from_file(str(folder / f"{name}.tflite"), arena_size=8 << 20)
        data = (folder / f"{name}.in").read_bytes()
        details = [interpreter.get_input_details(index) for index in range(int(count))]
        sizes = [int(np.prod(d["shape"])) * np.dtype(d["dtype"]).itemsize for d in details]
        out = b""
        for at in range(0, len(data), sum(sizes)):
            inputs = []
            for detail, size in zip(details, sizes):
                inputs.append((detail, data[at : at + size]))
                at += size
            out += run(interpreter, inputs)
        lines.append(f"{name} {digest} {fnv(out):016x} {out[:16].hex()}\n")
    target.write_text(VERSION + "".join(lines))


if sys.argv[1] == "--layers":
    layers(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
else:
    models(pathlib.Path(sys.argv[1]))
