"""Golden outputs of TFLM's interpreter, one text file per model.

Usage: make.py MODELS_FOLDER   (needs tflite-micro 0.dev20261023182759 and numpy)
Line: input kind, FNV-1a 64 of the output bytes, first 16 output bytes.
"""
import pathlib
import sys

import numpy as np
from tflite_micro.python.tflite_micro import runtime

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


KINDS = ["random:1", "random:2", "random:3", "constant:0", "constant:127", "constant:128", "saturating:1", "saturating:7"]
root = pathlib.Path(sys.argv[1])
for path in sorted(root.glob("*/*.tflite")):
    if "lstm" in path.name:
        continue
    interpreter = runtime.Interpreter.from_file(str(path), arena_size=8 << 20)
    detail = interpreter.get_input_details(0)
    lines = []
    for kind in KINDS:
        data = make(kind, int(np.prod(detail["shape"])))
        interpreter.set_input(np.frombuffer(data, detail["dtype"]).reshape(detail["shape"]), 0)
        interpreter.invoke()
        out = interpreter.get_output(0).tobytes()
        lines.append(f"{kind} {fnv(out):016x} {out[:16].hex()}\n")
    target = pathlib.Path(__file__).parent / f"{path.stem}.txt"
    target.write_text("# tflite-micro 0.dev20261023182759\n" + "".join(lines))
    print(path.stem)
