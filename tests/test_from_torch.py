"""A Sequential of PyTorch becomes a network by itself: the same numbers, and what is no layer here is refused."""

import numpy as np
import pytest

from chalkwork.errors import ChalkworkError
from chalkwork.exchange import from_torch

torch = pytest.importorskip("torch")
nn = torch.nn

MODULES = [
    (lambda: nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.BatchNorm1d(4, 1e-4, 0.2), nn.Tanh(), nn.Dropout(0.3),
                           nn.Linear(4, 2), nn.Softmax(dim=-1)), (3,)),
    (lambda: nn.Sequential(nn.Linear(3, 4, bias=False), nn.LeakyReLU(0.2), nn.Sequential(nn.LayerNorm(4), nn.ELU(0.5)),
                           nn.Identity(), nn.RMSNorm(4, 1e-5), nn.Linear(4, 1), nn.Sigmoid()), (3,)),
    (lambda: nn.Sequential(nn.Conv2d(2, 3, (3, 2), stride=2, padding=1), nn.GELU(), nn.MaxPool2d(2, 1),
                           nn.Conv2d(3, 4, 1, bias=False), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)),
     (2, 7, 8)),
    (lambda: nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(27, 2)), (1, 8, 8)),
    (lambda: nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.SiLU(), nn.Linear(5, 2)), (1, 3, 4)),
    (lambda: nn.Linear(3, 2), (3,)),
]  # fmt: skip


def test_a_sequential_becomes_a_network_with_the_same_numbers():
    for make, shape in MODULES:
        module = make().double()
        x, y = torch.randn(6, *shape, dtype=torch.float64), torch.rand(6, 1, dtype=torch.float64)
        module.train()(x)  # running statistics that are not those of the start
        net = from_torch(module, loss="mean_squared_error", inputs=shape if len(shape) > 1 else None)
        np.testing.assert_allclose(net.output(x.numpy()), module.eval()(x).detach().numpy(), rtol=1e-12, atol=1e-14)
        if any(isinstance(part, nn.Dropout | nn.BatchNorm1d) for part in module.modules()):
            continue
        units = net.plan().layers[-1].units
        target = (y / y * torch.arange(1, units + 1, dtype=torch.float64)) / units
        nn.functional.mse_loss(module(x), target).backward()
        slopes = net.backprop(x.numpy(), target.numpy())
        first = min((name for name in slopes if name.startswith("dW")), key=lambda name: int(name[2:]))
        theirs = next(iter(module.parameters())).grad.numpy()
        np.testing.assert_allclose(
            slopes[first].T if theirs.ndim == 2 else slopes[first], theirs, rtol=1e-9, atol=1e-14
        )


def test_what_is_no_layer_here_is_refused():
    for module, said in {
        nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.ReLU()): "a ReLU stands where no layer has an activation",
        nn.Sequential(nn.ReLU()): "a ReLU stands where", nn.Sequential(): "holds no layer",
        nn.Sequential(nn.Linear(2, 2), nn.PReLU()): "PReLU is no layer here",
        nn.Sequential(nn.Conv2d(2, 2, 3, groups=2)): "a Conv2d with groups",
        nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2, affine=False)): "BatchNorm1d without",
        nn.Sequential(nn.MaxPool2d(2, ceil_mode=True)): "MaxPool2d with ceil_mode",
    }.items():  # fmt: skip
        with pytest.raises(ChalkworkError, match=said):
            from_torch(module)
    with pytest.raises(ChalkworkError, match="weights alone do not tell the layers"):
        from_torch(nn.Linear(2, 2).state_dict())
