"""Reductions, prefix sums and orders along ranks: the part of the evaluator that folds axes."""

import math

import numpy as np

from values import EMPTY, both, number


class Folds:
    """Mixed into the evaluator, whose `axes`, `value` and `truth` it uses."""

    def on_fold(self, op, ranks, cond, body, extra):
        kept = op in ("softmax", "cumsum", "rank", "topk_mask")
        outer = list(self.axes)
        place = None if extra is None else self.value(extra)[0]
        if not kept:
            self.axes = outer + list(ranks)
        value, present = self.value(body)
        if cond is not None:
            present = both(present, self.truth(cond))
        along = tuple(self.axes.index(r) for r in ranks)
        value, present = self.spread(value, along), None if present is None else self.spread(present, along)
        self.axes = outer
        if present is not None:
            value, present = np.broadcast_arrays(value, present)
        if op == "topk" or op == "argtopk" or op == "sortdesc" or op == "argmax":
            return self.pick(op, value, present, along[0], len(outer), 0 if place is None else place)
        if op in ("rank", "topk_mask"):
            order = self.placed(value, present, along[0])
            return (order, present) if op == "rank" else ((order < place) & (True if present is None else present), None)
        return self.fold(op, value, present, along)

    def spread(self, value, along):
        """Gives an array its full extent along the axes that are folded."""
        value = np.asarray(value)
        value = value.reshape((1,) * len(self.axes)) if value.ndim == 0 else value
        shape = [self.extent(a) if i in along else value.shape[i] for i, a in enumerate(self.axes)]
        return np.broadcast_to(value, shape)

    def fold(self, op, value, present, along):
        value = number(value)
        masked = (lambda empty: value) if present is None else (lambda empty: np.where(present, value, empty))
        if op == "cumsum":
            return np.cumsum(masked(0), axis=along[0]), None
        if op in ("softmax", "logsumexp"):
            top = np.max(masked(-np.inf), axis=along, keepdims=True, initial=-np.inf)
            top = np.where(np.isfinite(top), top, 0)
            weights = np.exp(masked(-np.inf) - top)
            total = weights.sum(axis=along, keepdims=True)
            if op == "softmax":
                return np.where(total == 0, 0, weights / np.where(total == 0, 1, total)), None
            return np.log(total.squeeze(along)) + top.squeeze(along), None
        plain = masked(EMPTY[op])
        if op in ("any", "all"):
            return getattr(np, op)(plain.astype(bool), axis=along), None
        if op in ("max", "min"):
            result = getattr(np, op)(plain, axis=along, initial=None if plain.size else EMPTY[op])
            return result, None if not self.partial or present is None else present.any(axis=along)
        if op == "mean":
            count = math.prod(value.shape[i] for i in along) if present is None else present.sum(axis=along)
            return plain.sum(axis=along) / count, None
        return (plain.prod if op == "prod" else plain.sum)(axis=along), None

    @staticmethod
    def order(value, present, axis):
        """Positions from the greatest value down; ties by index, what is not present last."""
        key = -value.astype(float)
        return np.argsort(key if present is None else np.where(present, key, np.inf), axis=axis, kind="stable")

    def placed(self, value, present, axis):
        return np.argsort(self.order(value, present, axis), axis=axis, kind="stable")

    def pick(self, op, value, present, axis, outer, place):
        """The index (or the value) of the place-th greatest along `axis`, the last one."""
        order = self.order(value, present, axis)
        place = np.asarray(place)
        place = (place.reshape((1,) * outer) if place.ndim == 0 else place)[..., None]
        shape = np.broadcast_shapes(order.shape[:-1], place.shape[:-1])
        order, place = np.broadcast_to(order, shape + order.shape[-1:]), np.broadcast_to(place, shape + (1,))
        inside = place < order.shape[-1]
        index = np.take_along_axis(order, np.minimum(place, order.shape[-1] - 1), -1)
        result = index if op != "sortdesc" else np.take_along_axis(np.broadcast_to(value, order.shape), index, -1)
        count = value.shape[-1] if present is None else present.sum(axis=-1, keepdims=True)
        known = np.broadcast_to(inside & (place < count), result.shape)[..., 0]
        return result[..., 0], known if self.partial else None
