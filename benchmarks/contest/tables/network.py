"""The tutorial's network on pictures of several sizes, by everything that can run it."""

from __future__ import annotations

from benchmarks.contest import networks
from benchmarks.contest.apart import call
from benchmarks.contest.pictures import tensor
from benchmarks.contest.plots import Bar, bars, lines
from benchmarks.contest.race import ENDURED, entrants
from benchmarks.contest.tables import _race
from benchmarks.contest.tables.base import Claim, Data, Machine, Options, Table, grid

SCRIPT, EAGER, OPENVINO = "script_onnxruntime", "pytorch_eager", "script_openvino"
PLIANT, FAST = "pliant_auto", "pliant_fast"
CHOOSING = {PLIANT: "f32", FAST: "fast"}


def measure(options: Options) -> Data:
    """See `Table.measure`."""
    files = networks.write(options.folder / "srcnn")
    sides = _race.QUICK if options.quick else _race.SIDES
    options.say("matrix products")
    before = call("machine:rates", repeats := 1 if options.quick else 5)
    found = _race.run(options, entrants("benchmarks.contest.contenders"), files, tensor, sides)
    chosen = {name: call("tables.network:chosen", files["model"], precision) for name, precision in CHOOSING.items()}
    options.say("matrix products")
    ceilings = {name: max(rate, before[name]) for name, rate in call("machine:rates", repeats).items()}
    return {
        **found,
        "multiply_adds": networks.multiply_adds(networks.weights()),
        "ceilings": ceilings,
        "chosen": chosen,
    }


def chosen(model: str, precision: str) -> str:
    """The engine that pliant chooses here; why it chooses none."""
    import pliant

    try:
        with pliant.load(model, precision=precision) as session:
            return session.engine
    except pliant.PliantError as error:
        return f"none ({error})"


def rate(data: Data, name: str) -> float | None:
    """Arithmetic of the graph as written by time, in GFLOP/s, on the headline picture."""
    took = _race.median(data, name)
    pixels = _race.headline(data)["megapixels"] * 1e6
    return 2 * data["multiply_adds"] * pixels / took / 1e9 if took else None


def text(data: Data, machine: Machine) -> str:
    """See `Table.text`."""
    ceiling = data["ceilings"]["f32"]
    rows = [
        [about["title"], f"{found:.0f}", f"{found / ceiling:.0%}"]
        for name, about in data["contenders"].items()
        if (found := rate(data, name))
    ]
    side, bfloat16 = _race.headline(data)["side"], data["ceilings"].get("bf16")
    half = f" (in bfloat16 {bfloat16:,.0f})" if bfloat16 else ""
    return f"""The network of the tutorial (bicubic resize by 4, then convolutions 9-1-5) with the weights of the SRCNN
that ships: {data["multiply_adds"]:,} multiply-adds for each pixel of the result. Float32 in, float32 out; medians.
Every result was compared with that of eager PyTorch before it was timed; ≠ marks those farther off than one grey level.
Each contender has a process of its own, and they take turns; what takes longer than {ENDURED:g} s is not repeated:
there the run that was compared counts. Sizes are those of results.

{_race.times(data, SCRIPT)}

pliant chose the engine {data["chosen"][PLIANT]}, and with precision fast {data["chosen"][FAST]}.

{_race.missing(data)}

![Effective rates](speed_rates.svg)

Effective rate at {side}² x 4: the arithmetic of the graph as it is written, two operations for a multiply-add, by time.
The ceiling is a matrix product of 4096³ by {data["ceilings"]["by"]}, in float32: {ceiling:.0f} GFLOP/s{half}. What is
computed with less arithmetic than the graph says may be above it.

{grid(["", "GFLOP/s", "of the ceiling"], rows)}

![Seconds for each megapixel](speed_sizes.svg)

{_race.differences(data)}"""


def claims(data: Data, machine: Machine) -> list[Claim]:
    """See `Table.claims`."""
    where = f"{_race.headline(data)['side']}² x 4"
    reached, ceiling, fast = rate(data, PLIANT), data["ceilings"]["f32"], _race.headline(data)["rows"][FAST]
    amx = "amx_bf16" in machine["flags"]
    notes = [] if amx else ["only of processors with AMX"]
    if "comparison" in fast:
        notes.append(f"up to {fast['comparison']['largest']:.1f} levels off")
    comparison = _race.headline(data)["rows"][PLIANT].get("comparison")
    return [
        Claim(f"{where}: levels from eager PyTorch", 1, comparison and comparison["largest"], most=True),
        Claim(f"{where}: times the tutorial's ONNX Runtime script", 2.5, _race.ratio(data, SCRIPT, PLIANT)),
        Claim(f"{where}: times eager PyTorch", 4, _race.ratio(data, EAGER, PLIANT)),
        Claim(f"{where}: times OpenVINO by hand", 1.3, _race.ratio(data, OPENVINO, PLIANT)),
        Claim(
            f"{where}: times the tutorial's script with `--precision fast`",
            8,
            _race.ratio(data, SCRIPT, FAST),
            note="; ".join(notes),
            asked=amx,
        ),
        Claim(f"{where}: effective rate by that of a float32 matrix product", 1, reached and reached / ceiling),
    ]


def plots(data: Data, machine: Machine) -> dict[str, str]:
    """See `Table.plots`."""
    contenders = data["contenders"]
    found = {name: reached for name in contenders if (reached := rate(data, name))}
    sizes = [p["megapixels"] for p in data["pictures"]]
    series = {
        contenders[name]["title"]: [
            row["median"] / p["megapixels"] if (row := p["rows"][name]).get("median") else None
            for p in data["pictures"]
        ]
        for name in (EAGER, SCRIPT, OPENVINO, PLIANT, FAST)
        if name in contenders
    }
    return {
        "speed_rates": bars(
            "Effective rate, GFLOP/s",
            [Bar(_marked(data, name), value, contenders[name]["mine"]) for name, value in found.items()],
            ("float32 matrix product", data["ceilings"]["f32"]),
        ),
        "speed_sizes": lines("Seconds for each megapixel, by megapixels of the result", sizes, series),
    }


def _marked(data: Data, name: str) -> str:
    """The title, marked where the result is farther off than one grey level."""
    equal = _race.headline(data)["rows"][name]["comparison"]["largest"] <= 1
    return data["contenders"][name]["title"] + ("" if equal else " ≠")


TABLE = Table("The tutorial's network", 0, measure, text, claims, plots)
