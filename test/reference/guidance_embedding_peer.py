"""diffusers' side of the test of networks that take the guidance scale as an input. Reads {"unet", "scheduler", "inputs",
"scale", "steps", "strength", "out"} from standard input; the inputs are latent, noise, context and the noise of each step."""
import json
import sys

import torch
from diffusers import LCMScheduler, UNet2DConditionModel
from diffusers.pipelines.latent_consistency_models.pipeline_latent_consistency_img2img import (
    LatentConsistencyModelImg2ImgPipeline as Pipeline,
)
from safetensors.torch import load_file, save_file

torch.set_num_threads(1)
request = json.load(sys.stdin)
inputs = load_file(request["inputs"])
unet = UNet2DConditionModel.from_pretrained(request["unet"]).eval()
scheduler = LCMScheduler.from_config(request["scheduler"])
latent, noise, context = inputs["latent"], inputs["noise"], inputs["context"]


def embedding(scale):
    w = torch.tensor(scale - 1).repeat(latent.shape[0])
    return Pipeline.get_guidance_scale_embedding(None, w, embedding_dim=unet.config.time_cond_proj_dim)


with torch.inference_mode():
    t = torch.tensor([421] * latent.shape[0])
    guided = embedding(request["scale"])
    result = {
        "unguided": unet(latent, t, context).sample,
        "guided": unet(latent, t, context, timestep_cond=guided).sample,
    }
    # As the pipeline's __call__, with the noise of each step handed over.
    scheduler.set_timesteps(request["steps"], original_inference_steps=50, strength=request["strength"])
    timesteps = scheduler.timesteps
    x = scheduler.add_noise(latent, noise, timesteps[:1].repeat(latent.shape[0]))
    for i, t in enumerate(timesteps):
        output = unet(x, t, context, timestep_cond=guided).sample
        denoised = scheduler.step(output, t, x, return_dict=False)[1]
        if i + 1 < len(timesteps):
            x = scheduler.add_noise(denoised, inputs[f"step noise {i}"], timesteps[i + 1 : i + 2].repeat(latent.shape[0]))
        else:
            x = denoised
    result["latent"] = x
    result["timesteps"] = timesteps.to(torch.int32)
save_file({name: value.contiguous() for name, value in result.items()}, request["out"])
