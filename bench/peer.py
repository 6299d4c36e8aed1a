"""The other side of a benchmark: PyTorch and diffusers, or OpenVINO, in a process of their own, driven line by line over
standard input.

First line: JSON with the settings. Answers `ready {...}`; each further line `run` is answered with the milliseconds of one pass,
or of one training step where the settings name what is trained: `all` weights, or a `lora` of rank 4 on attention projections.
"""
import json
import sys
import time

import torch
from diffusers import UNet2DConditionModel


def inference(unet, sample, timestep, context):
    unet.eval()

    def run():
        with torch.inference_mode():
            return unet(sample, timestep, context).sample

    return run


def openvino_inference(unet, threads, sample, timestep, context):
    """The same network converted by OpenVINO, in float32 on the CPU."""
    import openvino

    class Plain(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.unet = unet.eval()

        def forward(self, sample, timestep, context):
            return self.unet(sample, timestep, context, return_dict=False)[0]

    model = openvino.convert_model(Plain(), example_input=(sample, timestep, context))
    model.reshape(dict(zip(model.inputs, (list(sample.shape), list(timestep.shape), list(context.shape)))))
    settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    compiled = openvino.compile_model(model, "CPU", settings)
    inputs = [x.numpy() for x in (sample, timestep, context)]
    return lambda: torch.from_numpy(compiled(inputs)[0])


def training(unet, train, sample, timestep, context, target):
    """diffusers' training scripts: the mean square error, its gradients, one update of AdamW."""
    unet.train()
    if train == "lora":
        from peft import LoraConfig

        unet.requires_grad_(False)
        unet.add_adapter(LoraConfig(r=4, lora_alpha=4, target_modules=["to_q", "to_k", "to_v", "to_out.0"]))
    optimizer = torch.optim.AdamW([p for p in unet.parameters() if p.requires_grad], lr=1e-5)

    def run():
        loss = torch.nn.functional.mse_loss(unet(sample, timestep, context).sample, target)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.detach()

    return run


def main():
    settings = json.loads(sys.stdin.readline())
    torch.set_num_threads(settings["threads"])
    unet = UNet2DConditionModel.from_pretrained(settings["unet"], torch_dtype=torch.float32)
    g = torch.Generator().manual_seed(0)
    sample = torch.randn(settings["sample"], generator=g)
    context = torch.randn(settings["context"], generator=g)
    timestep = torch.full((settings["sample"][0],), 421)
    if "train" in settings:
        step = training(unet, settings["train"], sample, timestep, context, torch.randn(settings["sample"], generator=g))
    elif settings.get("peer") == "openvino":
        step = openvino_inference(unet, settings["threads"], sample, timestep, context)
    else:
        step = inference(unet, sample, timestep, context)

    def run():
        start = time.perf_counter()
        out = step()
        return 1000 * (time.perf_counter() - start), out

    _, out = run()
    facts = {"torch": torch.__version__, "sum": float(out.double().sum()), "largest": float(out.abs().max())}
    print("ready", json.dumps(facts), flush=True)
    for line in sys.stdin:
        if line.strip() == "memory":
            status = open("/proc/self/status").read()
            print(next(row.split()[1] for row in status.splitlines() if row.startswith("VmHWM")), flush=True)
        else:
            print(run()[0], flush=True)


main()
