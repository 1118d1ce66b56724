"""Tables and plots of a run's figures, and the page that shows them all."""
import html

import cases
import plots

NAMES = {"weir": "Weir", "torch": "PyTorch", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "jax": "JAX",
         "iree": "IREE", "flex": "FlexAttention", "flex-compiled-mask": "with its mask compiled"}
OVERHEAD = 1.6  # what a share of the pairs may take of the share of the time
FLOOR = 0.01
GOAL = 0.85     # of plain attention's rate, for each variant


def seconds(figure, name="weir"):
    return figure["results"].get(name, {}).get("seconds")


def of_peak(figure, name="weir"):
    return figure["results"].get(name, {}).get("of_peak")


def ratio(figure, slow, fast="weir"):
    """How many times longer the one takes than the other, where there are both."""
    times = seconds(figure, slow), seconds(figure, fast)
    return times[0] / times[1] if all(times) else None


def case_of(figure):
    return cases.Case(**figure["case"])


def shown(value, form="{:.2f}", none="–"):
    return none if value is None else form.format(value)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


class Figures:
    def __init__(self, figures):
        self.figures, self.groups = figures, figures["groups"]
        self.peak = figures["canaries"]["fma"]

    def needed(self, figure):
        """Seconds at the peak, each function at its own measured rate."""
        rates = self.figures["canaries"]["functions"]
        peak = figure["flops"] / (seconds(figure) * of_peak(figure))  # of its own minutes
        return figure["flops"] / peak + sum(count / rates[name] / 1e9 for name, count in figure["functions"].items())

    # ---- Tables ----

    def machine(self):
        machine, canaries = self.figures["machine"], self.figures["canaries"]
        read = canaries["read"]
        peers = ", ".join(f"{NAMES[name]} {version}" for name, version in self.figures["peers"].items())
        return (f"{machine['processor']}, {machine['date']}; multiply-adds in registers {canaries['fma']:.0f} GFLOP/s, fed from "
                f"the first-level cache {canaries['panels']:.0f}, exp2 {canaries['exp2']:.1f} G/s, memory {read[0]:.0f} GB/s with "
                f"one thread and {read[1]:.0f} with two. {peers}.\n")

    def plain(self):
        names = ("weir",) + cases.PEERS
        rows = []
        for figure in self.groups["plain"]:
            case = case_of(figure)
            best = min(filter(None, (ratio(figure, name) for name in cases.PEERS)), default=None)
            rows.append([str(case.length), str(case.width), case.variant,
                         *(shown(of_peak(figure, name)) for name in names), shown(ratio(figure, "torch"), "{:.2f} ×"),
                         shown(best, "{:.2f} ×")])
        return table(["length", "D", "mask", *(NAMES[name] for name in names), "against PyTorch", "against the best"], rows)

    def against_plain(self):
        """(figure, its rate for needed work as a share of plain attention's at D = 64) of each variant."""
        rate = lambda figure: self.needed(figure) / seconds(figure)
        group = self.groups["variants"]
        plain = next(figure for figure in group if case_of(figure) == cases.Case("dense", 4096, 64))
        return [(figure, rate(figure) / rate(plain)) for figure in group]

    def variants(self):
        rows = []
        for figure, share in self.against_plain():
            case = case_of(figure)
            rows.append([case.variant, str(case.length), case.widths(), shown(of_peak(figure)), shown(share)])
        return table(["variant", "length", "D", "of the peak", "of plain attention's rate"], rows)

    def flex(self):
        rows = []
        for figure in self.groups["flex"]:
            case, own = case_of(figure), seconds(figure)
            rows.append([case.variant, str(case.length), str(case.width), shown(own and own * 1e3, "{:.1f} ms")]
                        + [shown(ratio(figure, name), "{:.1f} ×") for name in cases.FLEX])
        return table(["variant", "length", "D", "Weir", *(f"{NAMES[name]}" for name in cases.FLEX)], rows)

    def shares(self):
        """(name, share of the pairs, share of the time) of each mask."""
        dense, *masked = self.groups["present"]
        time = lambda figure: figure["flops"] / of_peak(figure)  # of the machine as it was then
        return [(case_of(figure).variant, figure["pairs"] / dense["pairs"], time(figure) / time(dense))
                for figure in masked]

    def present(self):
        return table(["mask", "pairs present", "time / dense", "limit"],
                     [[name, f"{share:.3f}", f"{time:.3f}", f"{OVERHEAD * share + FLOOR:.3f}"]
                      for name, share, time in self.shares()])

    def threads(self):
        one = cases.ONE_THREAD
        return table(["length", "D", "mask", "one thread, of the peak", "two threads against one"],
                     [[str(case_of(f).length), str(case_of(f).width), case_of(f).variant, shown(of_peak(f, one)),
                       shown(ratio(f, one), "{:.2f} ×")] for f in self.groups["threads"]])

    def short(self):
        rows = []
        for figure in self.groups["short"]:
            arithmetic = seconds(figure) * of_peak(figure)
            rows.append([str(case_of(figure).length), f"{seconds(figure) * 1e6:.1f} µs", f"{arithmetic * 1e6:.1f} µs",
                         f"{(seconds(figure) - OVERHEAD * arithmetic) * 1e6:.1f} µs"])
        return table(["length", "time", "arithmetic at the peak", f"time − {OVERHEAD} × arithmetic"], rows)

    def startup(self):
        start = self.figures["startup"]
        return table(["", ""], [["text to first result, nothing cached", f"{start['compiled']:.2f} s"],
                                ["from the cache on disk", f"{start['cached'] * 1e3:.0f} ms"]]
                     + [[f"object for {targets}", f"{size / 1024:.0f} KiB"] for targets, size in start["object_bytes"].items()])

    TABLES = ("machine", "plain", "variants", "flex", "present", "threads", "short", "startup")

    # ---- Plots ----

    def plot_plain(self):
        group = [figure for figure in self.groups["plain"] if case_of(figure).width == 64]
        return plots.bars("Attention, D = 64, one thread", [f"{case_of(f).length}, {case_of(f).variant}" for f in group],
                          [(NAMES[name], [of_peak(f, name) for f in group]) for name in ("weir",) + cases.PEERS], 1,
                          "of the peak of multiply-adds")

    def plot_roofline(self):
        points = []
        for figure in self.groups["plain"]:
            case = case_of(figure)
            moved = 8 * case.length * (case.width + case.values)  # Q, K, V and O once
            for name in ("weir",) + cases.PEERS:
                if seconds(figure, name):
                    points.append((NAMES[name], figure["flops"] / moved, of_peak(figure, name) * self.peak, case.label()))
        return plots.roofline("Roofline, one thread", self.peak, self.figures["canaries"]["read"][0], points)

    def plot_present(self):
        return plots.proportion("Time in proportion to what is present, 8192", self.shares(),
                                lambda share: OVERHEAD * share + FLOOR)

    def plot_variants(self):
        return plots.rows("Variants: rate for needed work, of plain attention's",
                          [(f"{case_of(figure).variant}, D = {case_of(figure).widths()}", share)
                           for figure, share in self.against_plain()], GOAL,
                          "of the rate of dense attention at D = 64; functions count at their own rates")

    PLOTS = ("roofline", "plain", "variants", "present")


def page(figures):
    """All tables and plots as one page that needs nothing else."""
    parts = ["<!doctype html><meta charset=utf-8><title>Weir's benchmark</title><style>body{max-width:60em;margin:2em auto;"
             "font-family:sans-serif}table{border-collapse:collapse}td,th{padding:.2em .6em;border-bottom:1px solid #ddd}</style>"]
    for name in figures.PLOTS:
        with_figures(figures, name, lambda: parts.append(getattr(figures, f"plot_{name}")()))
    for name in figures.TABLES:
        with_figures(figures, name, lambda: parts.append(f"<h2>{name}</h2>" + as_html(getattr(figures, name)())))
    return "\n".join(parts)


def with_figures(figures, name, show):
    """Shows what there are figures for: a run may leave groups out."""
    needs = {"machine": "canaries", "roofline": "plain"}.get(name, name)
    if needs in figures.groups or needs in figures.figures:
        show()


def as_html(markdown):
    if not markdown.startswith("|"):
        return f"<p>{html.escape(markdown)}</p>"
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in markdown.splitlines()]
    cells = lambda tag, row: "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) + "</tr>"
    return "<table>" + cells("th", head) + "".join(cells("td", row) for row in rows) + "</table>"
