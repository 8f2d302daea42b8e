"""Counting an architecture: held against published counts, against a convolution that slides, and against PyTorch."""

import numpy as np
import pytest
from shipped import SHEETS

from chalkwork.drawings.drawing import Drawing
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.architecture import KINDS, Architecture
from chalkwork.sheets.format import parse_sheet, read_sheet
from chalkwork.sheets.solve import solve_sheet
from chalkwork.solutions.compose import solution_blocks

SHEET = SHEETS / "architecture-counting.md"
VGG = [64, 64, "pool", 128, 128, "pool", 256, 256, 256, "pool", 512, 512, 512, "pool", 512, 512, 512, "pool"]
EXAMPLES = {
    "conv1d": ((3, 20), {"filters": 4, "kernel": 3}),
    "conv2d": ((4, 9, 9), {"filters": 6, "kernel": 3}),
    "conv_transpose1d": ((4, 5), {"filters": 3, "kernel": 4, "stride": 2, "padding": 1}),
    "conv_transpose2d": ((4, 5, 5), {"filters": 3, "kernel": 4, "stride": 2, "padding": 1}),
    "max_pool": ((4, 9, 9), {"pool": 2}),
    "average_pool": ((4, 9, 9), {"pool": 3}),
    "global_average_pool": ((4, 9, 9), {}),
    "flatten": ((4, 9, 9), {}),
    "dense": ((7,), {"units": 3}),
    "rnn": ((5, 4), {"units": 3}),
    "lstm": ((5, 4), {"units": 3}),
    "gru": ((5, 4), {"units": 3}),
    "attention": ((5, 4), {"heads": 2}),
    "embedding": ((5,), {"words": 10, "width": 4}),
    "batch_norm": ((4, 9, 9), {}),
    "layer_norm": ((5, 4), {}),
    "rms_norm": ((5, 4), {}),
    "dropout": ((4, 9, 9), {}),
    "activation": ((4, 9, 9), {}),
    "residual": ((4, 9, 9), {"over": 1}),
}


def counted(layers, enters):
    return Architecture(layers, enters).solve()


def drawing_of(solution):
    (found,) = (block for block in solution_blocks(solution) if isinstance(block, Drawing))
    return found


def shape(solution, number):
    return tuple(int(size) for size in solution[f"shape{number}"].ravel())


@pytest.mark.parametrize(
    ("layers", "enters", "wanted"),
    [
        ([{"kind": "conv2d", "filters": 6, "kernel": 5}], (3, 32, 32), {"shape1": (6, 28, 28), "parameters1": 456}),
        ([{"kind": "conv2d", "filters": 10, "kernel": 5}], (3, 32, 32), {"parameters1": 760}),
        (
            [{"kind": "conv2d", "filters": 96, "kernel": 11, "stride": 4}],
            (3, 227, 227),
            {"shape1": (96, 55, 55), "parameters1": 34944},
        ),
        (
            [{"kind": "conv2d", "filters": 128, "kernel": 3, "padding": "same", "bias": False}],
            (64, 56, 56),
            {"macs1": 231211008, "macs": 231211008},
        ),
        (
            [
                {"kind": "conv2d", "filters": 64, "kernel": 3, "padding": 1, "groups": 64, "bias": False},
                {"kind": "conv2d", "filters": 128, "kernel": 1, "bias": False},
            ],
            (64, 56, 56),
            {"macs": 27496448},
        ),
        ([{"kind": "max_pool", "pool": 3, "stride": 2}], (1, 13, 13), {"shape1": (1, 6, 6)}),
        ([{"units": n, "bias": False} for n in (10, 6, 4)], 8, {"weights": 164, "parameters": 164, "biases": 0}),
        ([{"kind": "lstm", "units": 32}], (20, 64), {"parameters1": 4 * ((64 + 32) * 32 + 32)}),
        ([{"kind": "attention", "heads": 8, "bias": False}], (4, 512), {"weights1": 1048576, "d1": 64}),
    ],
)
def test_counts_that_courses_print(layers, enters, wanted):
    solution = counted(layers, enters)
    for name, value in wanted.items():
        found = tuple(int(size) for size in solution[name].ravel()) if name.startswith("shape") else solution[name]
        assert found == value, name


def test_a_deep_network_as_published():
    """Simonyan and Zisserman, Very Deep Convolutional Networks (2015), table 2: 138 million for configuration D."""
    layers = [
        {"kind": "max_pool", "pool": 2}
        if each == "pool"
        else {"kind": "conv2d", "filters": each, "kernel": 3, "padding": 1}
        for each in VGG
    ]
    solution = counted(
        [*layers, {"kind": "flatten"}, *({"units": units} for units in (4096, 4096, 1000))], (3, 224, 224)
    )
    assert solution["parameters"] == 138357544 and shape(solution, 18) == (512, 7, 7)
    assert solution["receptive_field18"] == 212


def test_sizes_are_those_of_a_window_that_slides(rng):
    for _ in range(60):
        sides = [int(side) for side in rng.integers(4, 14, 2)]
        own = {
            "kernel": [int(k) for k in rng.integers(1, 4, 2)],
            "stride": [int(s) for s in rng.integers(1, 4, 2)],
            "padding": [int(p) for p in rng.integers(0, 3, 2)],
            "dilation": [int(d) for d in rng.integers(1, 3, 2)],
        }
        covered = [d * (k - 1) + 1 for k, d in zip(own["kernel"], own["dilation"], strict=True)]
        rooms = [side + 2 * p for side, p in zip(sides, own["padding"], strict=True)]
        layers = [{"kind": "conv2d", "filters": 5, **own}]
        if any(cover > space for cover, space in zip(covered, rooms, strict=True)):
            with pytest.raises(ChalkworkError, match="the kernel covers"):
                counted(layers, (2, *sides))
            continue
        places = [
            len(range(0, space - cover + 1, s)) for space, cover, s in zip(rooms, covered, own["stride"], strict=True)
        ]
        solution = counted(layers, (2, *sides))
        assert shape(solution, 1) == (5, *places)
        weights = np.zeros((5, 2, *own["kernel"]))
        assert solution["parameters1"] == weights.size + 5 and solution["macs1"] == weights.size * places[0] * places[1]


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
def test_same_leaves_a_position_for_every_stride(kernel, stride):
    layers = [{"kind": "conv2d", "filters": 1, "kernel": kernel, "stride": stride, "padding": "same"}]
    for side in (5, 6, 7):
        assert shape(counted(layers, (1, side, side)), 1)[1] == -(-side // stride)


def test_every_kind_is_counted_and_marked():
    assert EXAMPLES.keys() == KINDS.keys()
    for kind, (enters, settings) in EXAMPLES.items():
        before = [{"kind": "dropout"}] if kind == "residual" else []
        solution = counted([*before, {"kind": kind, **settings}], enters)
        answers = {name: solution[name] for name in solution.setting.asked}
        report = solution.check(answers)
        assert {result.verdict for result in report.values()} == {"correct"}, kind
        assert "≠" not in str(solution) and "nan" not in str(solution)
        if solution["parameters1"]:
            assert solution.check({"parameters1": solution["parameters1"] + 1})["parameters1"].verdict != "correct"


def test_carried_errors_follow():
    solution = counted([{"kind": "conv2d", "filters": 6, "kernel": 5}, {"kind": "flatten"}, {"units": 10}], (3, 32, 32))
    report = solution.check({"n1": 27, "n2": 6 * 27 * 27, "parameters3": (6 * 27 * 27 + 1) * 10})
    assert [report[name].verdict for name in ("n1", "n2", "parameters3")] == ["mistake", "follows", "follows"] or [
        report[name].verdict for name in ("n1", "n2", "parameters3")
    ] == ["wrong", "follows", "follows"]


def test_shared_parameters_count_once():
    layers = [{"units": 4}, {"units": 4}, {"units": 4, "shares": 2}]
    solution = counted(layers, 4)
    assert solution["parameters3"] == 20 and solution["parameters"] == 40 and solution["macs"] == 48
    assert "count once" in str(solution)


@pytest.mark.parametrize(
    ("layers", "enters", "message"),
    [
        ([{"kind": "conv"}], (3, 8, 8), "layer 1: 'conv' is no kind of layer .* did you mean conv"),
        ([{"kind": "conv2d", "filters": 3}], (3, 8, 8), r"layer 1 \(conv2d\): kernel is missing"),
        ([{"units": 3, "size": 2}], 4, r"layer 1 \(dense\) has no setting 'size'"),
        ([{"units": 3}], (3, 8, 8), r"layer 1 \(dense\): takes a vector, but 3 × 8 × 8 enters it.*flatten"),
        ([{"kind": "conv2d", "filters": 4, "kernel": 9}], (3, 8, 8), "the kernel covers 9, but it slides over 8"),
        ([{"kind": "conv2d", "filters": 4, "kernel": 3, "groups": 2}], (3, 8, 8), "do not go into 2 groups"),
        ([{"kind": "attention", "heads": 3}], (4, 8), "a width of 8 does not go into 3 heads"),
        ([{"units": 2.5}], 4, "units is a whole number from 1 to 1,000,000, not 2.5"),
        ([{"units": True}], 4, "units is a whole number from 1 to 1,000,000, not True"),
        ([{"units": 3, "bias": "one"}], 4, "bias is true or false, not 'one'"),
        ([{"units": 3, "shares": 1}], 4, "shares names a layer before it"),
        ([{"kind": "residual", "over": 3}], (3, 8, 8), "there are no 3 layers before it"),
        ([{"units": 3}, {"kind": "residual", "over": 1}], 4, "it adds 4 and 3, which have no common shape"),
        ([{"units": 10**6}] * 4 + [{"kind": "residual", "over": 9}], 4, "there are no 9 layers"),
        ([], 4, "at least one mapping"),
        ("dense", 4, "at least one mapping"),
        ([{"units": 3}], (1, 2, 3, 4), "input has 1 to 3 sizes, not 4"),
        ([{"units": 3}], 0, "a size of the input is a whole number from 1"),
        ([{"kind": "conv2d", "filters": 4, "kernel": [1, 2, 3]}], (3, 8, 8), "kernel has 3 numbers for 2 axes"),
    ],
)
def test_what_does_not_fit_is_refused(layers, enters, message):
    with pytest.raises(ChalkworkError, match=f"(?s){message}"):
        counted(layers, enters)


def test_in_a_sheet():
    sheet = read_sheet(SHEET)
    solved = solve_sheet(sheet)
    assert solved["a"].solution["parameters"] == 52202 and solved["a"].solution["receptive_field4"] == 16
    assert solved["c1"].solution["macs"] == 231211008 and solved["c2"].solution["macs"] == 27496448
    assert solved["e"].solution["weights"] == 164
    text = "```architecture\nid: a\ninput: [3, 8, 8]\nlayers:\n  - {kind: conv2d, filters: 4, kernal: 3}\n```\n"
    with pytest.raises(ChalkworkError, match=r"line 5, column \d+: layers\[1\]: unknown key 'kernal'.*'kernel'"):
        parse_sheet(text)
    wrong = text.replace("kernal: 3", "kernel: 9")
    with pytest.raises(ChalkworkError, match=r"line 4, column \d+: architecture a: layer 1 .*the kernel covers 9"):
        solve_sheet(parse_sheet(wrong))


def test_every_activation_of_pytorch_is_counted():
    for name in ("LeakyReLU", "ELU", "Mish", "LogSoftmax"):
        (layer,) = Architecture.of(type(name, (), {})(), 4).layers
        assert layer["kind"] == "activation" and layer["name"].unit.pytorch.name == name


def test_pytorch_agrees(rng):
    torch = pytest.importorskip("torch")
    nn = torch.nn
    networks = [
        (nn.Sequential(nn.Conv2d(3, 6, 5, padding=2), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(3, 2),
                       nn.Sequential(nn.Conv2d(6, 8, (3, 1), (2, 1), (1, 0), groups=2), nn.AvgPool2d(2)),
                       nn.ConvTranspose2d(8, 4, 4, 2, 1, bias=False), nn.Flatten(), nn.LazyLinear(7), nn.Dropout(),
                       nn.Linear(7, 3, bias=False), nn.LayerNorm(3)), (3, 29, 29)),
        (nn.Sequential(nn.Conv1d(2, 5, 3, dilation=2), nn.Tanh(), nn.MaxPool1d(2), nn.AdaptiveAvgPool1d(1)), (2, 20)),
        (nn.Sequential(nn.Conv2d(3, 4, 3, padding="same"), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.RMSNorm(4)),
         (3, 7, 9)),
    ]  # fmt: skip
    for network, enters in networks:
        values = torch.zeros(2, *enters)
        network(values)
        solution = Architecture.of(network, enters).solve()
        assert solution["parameters"] == sum(parameter.numel() for parameter in network.parameters())
        flat = [child for part in network for child in (part if isinstance(part, nn.Sequential) else [part])]
        for number, child in enumerate(flat, 1):
            values = child(values)
            kept = tuple(size for size in values.shape[1:] if size > 1) or (1,)
            assert tuple(size for size in shape(solution, number) if size > 1) in (kept, ()), child
    for cell in (nn.RNN, nn.LSTM, nn.GRU):
        for biased in (True, False):
            module = cell(4, 3, batch_first=True, bias=biased)
            wanted = sum(parameter.numel() for parameter in module.parameters())
            assert Architecture.of(module, (5, 4)).solve()["parameters"] == wanted
    with pytest.raises(ChalkworkError, match="a module of the class Bilinear is not counted"):
        Architecture.of(nn.Sequential(nn.Bilinear(2, 2, 2)), 2)


def test_every_kind_and_a_long_network_are_drawn_and_described():
    """A figure holds the size of what leaves every layer that it shows, and its words those of all."""
    for kind, (enters, settings) in EXAMPLES.items():
        layers = [{"kind": "dropout"}, {"kind": kind, **settings}]
        solution = counted(layers, enters)
        drawn, size = drawing_of(solution), " × ".join(map(str, shape(solution, 2)))
        assert f">{size}<" in drawn.svg, kind
        assert f"{KINDS[kind].called(Architecture(layers, enters).layers[1])}: {size}" in drawn.description
    long = drawing_of(counted([{"kind": "dense", "units": n} for n in range(2, 60)], 3))
    assert "⋯" in long.svg
    assert long.description.endswith("58. dense, 59 units: 59, 3481 parameters.")


def test_mistakes_of_counting_are_named():
    """Each number is what somebody with the mistake counts; worked out here without the program."""
    network = counted(
        [{"kind": "conv2d", "filters": 6, "kernel": 5}, {"kind": "max_pool", "pool": 2},
         {"kind": "conv2d", "filters": 4, "kernel": 3, "padding": 1, "stride": 2}, {"kind": "flatten"},
         {"kind": "dense", "units": 10}, {"kind": "dense", "units": 10}, {"kind": "dense", "units": 10, "shares": 6}],
        (3, 32, 32),
    )  # fmt: skip
    made = [
        (network, {
            "bias-counted-per-place": ("parameters1", 75 * 6 + 28 * 28 * 6),
            "biases-not-counted": ("parameters5", 1960),
            "one-bias-for-the-layer": ("parameters1", 451),
            "channels-not-counted": ("parameters1", (25 + 1) * 6),
            "one-filter-counted": ("parameters1", 76),
            "first-place-forgotten": ("shape1", [6, 27, 27]),
            "padding-forgotten": ("shape3", [4, 6, 6]),
            "stride-ignored": ("shape3", [4, 14, 14]),
            "pooling-has-no-weights": ("parameters2", 24),
            "products-at-one-place": ("macs1", 450),
            "shared-counted-twice": ("parameters", 456 + 220 + 1970 + 110 + 110),
        }),
        (counted([{"kind": "conv2d", "filters": 1, "kernel": 3, "padding": 2}], (1, 8, 8)),
         {"padding-on-one-side": ("n1", 8)}),
        (counted([{"kind": "lstm", "units": 32, "bias": "two"}], (20, 64)), {
            "one-bias-set-for-two": ("parameters1", 4 * (96 * 32 + 32)),
            "gates-not-counted": ("parameters1", 3 * (96 * 32 + 64)),
            "state-not-counted": ("parameters1", 4 * (64 * 32 + 64)),
        }),
    ]  # fmt: skip
    for solution, mistakes in made:
        for mistake, (name, value) in mistakes.items():
            report = solution.check({name: np.array(value) if isinstance(value, list) else value})[name]
            assert mistake in report.mistakes, (mistake, report)
