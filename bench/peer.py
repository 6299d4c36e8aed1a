"""The other side of a benchmark: PyTorch and diffusers in a process of their own, driven line by line over standard input.

First line: JSON with the settings. Answers `ready {...}`; each further line `run` is answered with the milliseconds of one pass.
"""
import json
import sys
import time

import torch
from diffusers import UNet2DConditionModel


def main():
    settings = json.loads(sys.stdin.readline())
    torch.set_num_threads(settings["threads"])
    unet = UNet2DConditionModel.from_pretrained(settings["unet"], torch_dtype=torch.float32).eval()
    g = torch.Generator().manual_seed(0)
    sample = torch.randn(settings["sample"], generator=g)
    context = torch.randn(settings["context"], generator=g)
    timestep = torch.full((settings["sample"][0],), 421)

    def run():
        start = time.perf_counter()
        with torch.inference_mode():
            out = unet(sample, timestep, context).sample
        return 1000 * (time.perf_counter() - start), out

    _, out = run()
    facts = {"torch": torch.__version__, "sum": float(out.double().sum()), "largest": float(out.abs().max())}
    print("ready", json.dumps(facts), flush=True)
    for _ in sys.stdin:
        print(run()[0], flush=True)


main()
