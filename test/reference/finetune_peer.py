"""PyTorch's and diffusers' side of the tests of finetuning. Reads a JSON list of requests from standard input; what it computes
goes into safetensors files that each request names.

train   {"unet", "scheduler", "objective", "clip", "decay", "rates", "draws", "probe", "out"}: trains all weights of a UNet on draws
        that are handed over (original, edited, noise, timestep, start, context, each with the leading axes [iteration, micro, row]; start
        is -1 for rows without one, edited is the original for unconditional rows, whose `paired` is 0).
unet    {"pipeline", "lora", "inputs", "out"}: the output of a pipeline's UNet, a LoRA file loaded into it where one is given.
"""
import json
import sys

import torch
from safetensors.torch import load_file, save_file

torch.set_num_threads(1)


def train(request):
    from diffusers import DDPMScheduler, UNet2DConditionModel

    unet = UNet2DConditionModel.from_pretrained(request["unet"], torch_dtype=torch.float32).train()
    scheduler = DDPMScheduler.from_pretrained(request["scheduler"])
    velocity = scheduler.config.prediction_type == "v_prediction"
    draws = load_file(request["draws"])
    optimizer = torch.optim.AdamW(unet.parameters(), lr=1.0, weight_decay=request["decay"])
    iterations, micros, rows = draws["timestep"].shape
    losses, norms = [], []
    for iteration in range(iterations):
        optimizer.zero_grad()
        total = 0.0
        for micro in range(micros):
            item = {key: value[iteration, micro] for key, value in draws.items()}
            t = item["timestep"].long()
            start = torch.where(item["start"] < 0, t, item["start"].long())
            # The target of a pair at the timestep where its path starts: it leads from the noised original to the edit.
            a = scheduler.alphas_cumprod[start].double().view(rows, 1, 1, 1)
            begin = scheduler.add_noise(item["original"], item["noise"], start).double()
            leading = (begin - a.sqrt() * item["edited"].double()) / (1 - a).sqrt()
            a = scheduler.alphas_cumprod[t].double().view(rows, 1, 1, 1)
            x = a.sqrt() * item["edited"].double() + (1 - a).sqrt() * leading
            target = a.sqrt() * leading - (1 - a).sqrt() * item["edited"].double() if velocity else leading
            snr = (a / (1 - a)).view(rows)
            weight = snr.clamp(max=5) / (snr + 1 if velocity else snr)
            if request["objective"] == "rendering-path":
                weight = torch.ones(rows)
            weight = torch.where(item["paired"] > 0, weight.float(), torch.ones(rows))
            output = unet(x.float(), t, item["context"]).sample
            loss = (((output - target.float()) ** 2).mean(dim=(1, 2, 3)) * weight).mean() / micros
            loss.backward()
            total += loss.item()
        norms.append(float(torch.nn.utils.clip_grad_norm_(unet.parameters(), request["clip"])))
        for group in optimizer.param_groups:
            group["lr"] = request["rates"][iteration]
        optimizer.step()
        losses.append(total)
    with torch.inference_mode():
        probe = load_file(request["probe"])
        output = unet(probe["sample"], probe["timesteps"], probe["context"]).sample
    result = {name: value.detach().contiguous() for name, value in unet.state_dict().items()}
    result["output"] = output.contiguous()
    result["losses"] = torch.tensor(losses)
    result["norms"] = torch.tensor(norms)
    save_file(result, request["out"])


def unet(request):
    from diffusers import StableDiffusionImg2ImgPipeline

    pipeline = StableDiffusionImg2ImgPipeline.from_pretrained(request["pipeline"], torch_dtype=torch.float32)
    if request.get("lora"):
        pipeline.load_lora_weights(request["lora"])
    inputs = load_file(request["inputs"])
    with torch.inference_mode():
        output = pipeline.unet(inputs["sample"], inputs["timesteps"], inputs["context"]).sample
    save_file({"output": output.contiguous()}, request["out"])


for request in json.load(sys.stdin):
    {"train": train, "unet": unet}[request["mode"]](request)
