"""The optical-flow network in PyTorch, with its lookups by grid_sample. Reads {"inputs", "config", "out"} from standard input:
weights and pictures of the graph by name, and writes the estimates, the flow, the loss and its gradients."""
import json
import math
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

torch.set_num_threads(1)
request = json.load(sys.stdin)
config = request["config"]
tensors = load_file(request["inputs"])
pictures = {name: tensors.pop(name) for name in ("from", "to", "flow", "weights")}
w = {name: value.requires_grad_() for name, value in tensors.items()}


def conv(name, x, stride=1, padding=0):
    return F.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], stride, padding)


def norm(name, x):
    return F.group_norm(x, 8, w[f"{name}.weight"], w[f"{name}.bias"], 1e-5)


def residual(name, x, stride):
    h = F.relu(norm(f"{name}.norm1", conv(f"{name}.first", x, stride, 1)))
    h = norm(f"{name}.norm2", conv(f"{name}.second", h, 1, 1))
    return F.relu(h + (x if stride == 1 else conv(f"{name}.shortcut", x, stride)))


def encoder(name, x):
    h = F.relu(norm(f"{name}.norm_in", conv(f"{name}.conv_in", x, 2, 3)))
    for block, stride in (("block1", 1), ("block2", 2), ("block3", 1)):
        h = residual(f"{name}.{block}", h, stride)
    return conv(f"{name}.conv_out", h)


def network(first, second):
    batch = len(first)
    hidden, radius, levels = config["hidden"], config["radius"], config["levels"]
    a, b = (F.instance_norm(encoder("features", x), eps=1e-5) for x in (first, second))
    height, width = a.shape[2:]
    volume = torch.einsum("bcp,bcq->bpq", a.flatten(2), b.flatten(2)) / math.sqrt(a.shape[1])
    volumes = [volume.reshape(-1, 1, height, width)]
    for _ in range(levels - 1):
        volumes.append(F.avg_pool2d(volumes[-1], 2))
    state, context = encoder("context", first).split(hidden, 1)
    state, context = state.tanh(), context.relu()
    fixed = conv("update.context", context, 1, 1).split(hidden, 1)
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    grid = torch.stack([x, y]).float() + 0.5
    flow = torch.zeros(batch, 2, height, width)
    steps = torch.arange(-radius, radius + 1).float()
    dy, dx = torch.meshgrid(steps, steps, indexing="ij")
    estimates = []
    for _ in range(config["iterations"]):
        flow = flow.detach()
        place = (grid + flow).permute(0, 2, 3, 1).reshape(-1, 1, 1, 2)
        seen = []
        for level, v in enumerate(volumes):
            h, w_ = v.shape[2:]
            at = place / 2**level + torch.stack([dx, dy], 2)
            at = 2 * at / torch.tensor([w_, h]) - 1
            sampled = F.grid_sample(v, at, align_corners=False, padding_mode="zeros")
            seen.append(sampled.reshape(batch, height, width, -1))
        seen = torch.cat(seen, 3).permute(0, 3, 1, 2)
        moved = F.relu(conv("update.flow2", F.relu(conv("update.flow1", flow, 1, 3)), 1, 1))
        both = torch.cat([F.relu(conv("update.compared", seen)), moved], 1)
        motion = torch.cat([F.relu(conv("update.motion", both, 1, 1)), flow], 1)
        z, r = conv("update.gates", torch.cat([state, motion], 1), 1, 1).split(hidden, 1)
        z, r = (z + fixed[0]).sigmoid(), (r + fixed[1]).sigmoid()
        candidate = (conv("update.candidate", torch.cat([r * state, motion], 1), 1, 1) + fixed[2]).tanh()
        state = (1 - z) * state + z * candidate
        flow = flow + conv("update.head2", F.relu(conv("update.head1", state, 1, 1)), 1, 1)
        estimates.append(flow)
    mask = conv("update.mask2", F.relu(conv("update.mask1", state, 1, 1))).reshape(batch, 1, 4, 4, 9, height, width)
    around = F.unfold(F.pad(4 * flow, (1, 1, 1, 1), mode="replicate"), 3).reshape(batch, 2, 1, 1, 9, height, width)
    full = (mask.softmax(4) * around).sum(4).permute(0, 1, 4, 2, 5, 3).reshape(batch, 2, 4 * height, 4 * width)
    return estimates, full


estimates, full = network(pictures["from"], pictures["to"])
truth, weights = pictures["flow"], pictures["weights"]
cell_weights = F.avg_pool2d(weights, 4)
cell_truth = F.avg_pool2d(truth * weights, 4) / cell_weights.clamp(min=1e-6)
loss = ((full - truth).abs() * weights).mean()
for i, estimate in enumerate(estimates[:-1]):
    loss = loss + 0.8 ** (len(estimates) - 1 - i) * ((4 * estimate - cell_truth).abs() * cell_weights).mean()
loss.backward()
result = {"flow": full, "loss": loss.reshape(1), **{f"d {name}": value.grad for name, value in w.items()}}
save_file({name: value.detach().contiguous() for name, value in result.items()}, request["out"])
