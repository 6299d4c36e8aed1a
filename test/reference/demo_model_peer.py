"""What transformers and diffusers make of the demo model. Reads {"model", "prompts", "inputs", "out"} from standard input."""
import json
import sys

import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import load_file, save_file

torch.set_num_threads(1)
request = json.load(sys.stdin)
pipeline = StableDiffusionPipeline.from_pretrained(request["model"], torch_dtype=torch.float32)
inputs = load_file(request["inputs"])
tokenizer = pipeline.tokenizer
with torch.no_grad():
    ids = tokenizer(
        request["prompts"], padding="max_length", max_length=tokenizer.model_max_length, truncation=True, return_tensors="pt"
    ).input_ids
    hidden = pipeline.text_encoder(ids)[0]
    output = pipeline.unet(inputs["sample"], inputs["timesteps"].long(), hidden).sample
    picture = pipeline.vae.decode(inputs["sample"] / pipeline.vae.config.scaling_factor).sample
save_file({"ids": ids.int(), "hidden": hidden, "output": output, "picture": picture.contiguous()}, request["out"])
