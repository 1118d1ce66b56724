"""Plots as SVG, drawn here: bars, points in a plane, and a roofline."""
import html
import math

COLOURS = ("#c4452f", "#3b6ea8", "#5f9e6e", "#8a6bb0", "#d19a3d", "#7a7a7a", "#58a6b5")
WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 28, 40, 64


class Drawing:
    """Elements of a picture, from the back to the front."""

    def __init__(self, title, width=WIDTH, height=HEIGHT):
        self.width, self.height = width, height
        self.elements = [f'<rect width="{width}" height="{height}" fill="#ffffff"/>']
        self.text(width / 2, 22, title, size=15, anchor="middle")

    def line(self, points, colour="#444444", width=1, dash=""):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dash = f' stroke-dasharray="{dash}"' if dash else ""
        self.elements.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dash}/>')

    def bar(self, x, y, width, height, colour, title):
        self.elements.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}">'
                             f"<title>{html.escape(title)}</title></rect>")

    def point(self, x, y, colour, title):
        self.elements.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}" fill-opacity="0.8">'
                             f"<title>{html.escape(title)}</title></circle>")

    def text(self, x, y, words, size=12, anchor="start", colour="#222222", turn=0):
        turn = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn else ""
        self.elements.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}"'
                             f"{turn}>{html.escape(words)}</text>")

    def legend(self, names, x, y=TOP - 2):
        for name, colour in names:
            self.bar(x, y - 9, 10, 10, colour, name)
            self.text(x + 14, y, name)
            x += 26 + 7 * len(name)

    def svg(self):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
                f'font-family="sans-serif">\n' + "\n".join(self.elements) + "\n</svg>\n")


def bars(title, groups, series, most, unit):
    """Bars side by side: `series` is (name, values), a value for each of `groups`, None where there is none."""
    drawing = Drawing(title)
    colours = dict(zip((name for name, _ in series), COLOURS))
    drawing.legend(colours.items(), LEFT)
    span, base = HEIGHT - TOP - BOTTOM - 8, HEIGHT - BOTTOM
    for tick in (0, 0.25, 0.5, 0.75, 1):
        y = base - tick * span
        drawing.line([(LEFT, y), (WIDTH - RIGHT, y)], "#dddddd")
        drawing.text(LEFT - 6, y + 4, f"{tick * most:.3g}", anchor="end")
    drawing.text(16, base - span / 2, unit, anchor="middle", turn=-90)
    step = (WIDTH - LEFT - RIGHT) / len(groups)
    wide = 0.8 * step / len(series)
    for i, group in enumerate(groups):
        x = LEFT + (i + 0.1) * step
        for j, (name, values) in enumerate(series):
            if values[i] is not None:
                high = min(1, values[i] / most) * span
                drawing.bar(x + j * wide, base - high, wide - 1, high, colours[name], f"{group}, {name}: {values[i]:.3g}")
        for k, words in enumerate(group.split(", ", 1)):
            drawing.text(x + 0.4 * step, base + 16 + 14 * k, words, size=11, anchor="middle")
    return drawing.svg()


def rows(title, values, limit, axis):
    """Bars one below the other: `values` is (name, value); a line at `limit`."""
    step = 18
    drawing = Drawing(title, height=TOP + step * len(values) + 40)
    left, most = 190, max(value for _, value in values) * 1.08
    at = lambda value: left + value / most * (WIDTH - RIGHT - left)
    base = TOP + step * len(values)
    for i, (name, value) in enumerate(values):
        y = TOP + step * i
        drawing.text(left - 8, y + 12, name, anchor="end")
        drawing.bar(left, y + 2, at(value) - left, step - 4, COLOURS[1 if value >= limit else 0], f"{name}: {value:.3f}")
        drawing.text(at(value) + 4, y + 12, f"{value:.2f}", size=11)
    drawing.line([(at(limit), TOP), (at(limit), base)], dash="4 4")
    drawing.text(at(limit), base + 14, f"{limit:g}", anchor="middle")
    drawing.text(left, base + 32, axis)
    return drawing.svg()


class LogPlane:
    """Two logarithmic axes."""

    def __init__(self, drawing, x, y, x_name, y_name):
        self.drawing, self.x, self.y = drawing, x, y
        for value in self._decades(x):
            self._grid((value, y[0]), (value, y[1]))
            drawing.text(self.at(value, y[0])[0], HEIGHT - BOTTOM + 18, f"{value:g}", anchor="middle")
        for value in self._decades(y):
            self._grid((x[0], value), (x[1], value))
            drawing.text(LEFT - 6, self.at(x[0], value)[1] + 4, f"{value:g}", anchor="end")
        drawing.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, x_name, anchor="middle")
        drawing.text(16, (TOP + HEIGHT - BOTTOM) / 2, y_name, anchor="middle", turn=-90)

    @staticmethod
    def _decades(ends):
        first, last = math.ceil(math.log10(ends[0]) - 1e-9), math.floor(math.log10(ends[1]) + 1e-9)
        return [10.0 ** power for power in range(first, last + 1)]

    def _grid(self, start, end):
        self.drawing.line([self.at(*start), self.at(*end)], "#dddddd")

    def at(self, x, y):
        share = lambda value, ends: math.log(value / ends[0]) / math.log(ends[1] / ends[0])
        return (LEFT + share(x, self.x) * (WIDTH - LEFT - RIGHT),
                HEIGHT - BOTTOM - share(y, self.y) * (HEIGHT - TOP - BOTTOM - 8))

    def curve(self, points, colour="#444444", dash=""):
        self.drawing.line([self.at(*point) for point in points], colour, 1.5, dash)

    def point(self, x, y, colour, title):
        self.drawing.point(*self.at(x, y), colour, title)

    def label(self, x, y, words, colour="#222222", below=False):
        x, y = self.at(x, y)
        self.drawing.text(x + 6, y + 14 if below else y - 6, words, colour=colour)


def roofline(title, peak, read, points):
    """`points` is (name, operations a byte, GFLOP/s, what it is); roofs in GFLOP/s and GB/s."""
    drawing = Drawing(title)
    plane = LogPlane(drawing, (1, 10000), (1, 1000), "operations a byte of inputs and outputs", "GFLOP/s")
    ridge = peak / read
    plane.curve([(1, read), (ridge, peak), (10000, peak)], "#222222")
    plane.label(1.2, peak, f"multiply-adds in registers, {peak:.0f} GFLOP/s")
    plane.label(1.6, read, f"memory, {read:.0f} GB/s")
    names = list(dict.fromkeys(name for name, *_ in points))
    colours = dict(zip(names, COLOURS))
    drawing.legend(colours.items(), LEFT)
    for name, intensity, rate, what in reversed(points):
        plane.point(intensity, rate, colours[name], f"{name}, {what}: {rate:.0f} GFLOP/s")
    return drawing.svg()


def proportion(title, points, limit):
    """`points` is (name, share of pairs present, share of time); `limit` bounds the one by the other."""
    drawing = Drawing(title)
    plane = LogPlane(drawing, (0.01, 1), (0.01, 2), "pairs present / all pairs", "time / time of dense attention")
    shares = [10 ** (-2 + i / 20) for i in range(41)]
    plane.curve([(share, share) for share in shares], "#999999", "4 4")
    plane.curve([(share, limit(share)) for share in shares], COLOURS[0])
    plane.label(0.0105, limit(0.0105), "limit", COLOURS[0])
    for i, (name, share, time) in enumerate(sorted(points, key=lambda point: point[1])):
        plane.point(share, time, COLOURS[1], f"{name}: {time:.3f}")
        plane.label(share, time, name, below=i % 2 == 0)
    return drawing.svg()
