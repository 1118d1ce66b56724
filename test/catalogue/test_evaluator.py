"""Identities between rows: the evaluator must give the same values for two statements of one function."""

import unittest

import numpy as np

import rows
from evaluator import Evaluator


def outputs(name, size, inputs=None, **params):
    """A row's outputs at given extents, on another row's inputs if these are given."""
    family, row = rows.select([name])[0]
    case = Evaluator(family, row, {**size, **params} if family != "sparse" else {**size, "params": params})
    for key, array in (inputs or {}).items():
        case.tensors[key].values = np.asarray(array, float)
    return case, case.run()


class Identities(unittest.TestCase):
    QKV = {"b": 2, "h": 2, "m": 5, "n": 7, "d": 4, "f": 3}

    def same(self, left, right):
        np.testing.assert_allclose(left, right, rtol=1e-12, atol=1e-12)

    def test_latent_attention_absorbs_its_projections(self):
        size = {**self.QKV, "c": 6, "r": 2}
        self.same(outputs("mla_naive", size)[1]["O"], outputs("mla_absorbed", size)[1]["O"])

    def test_cascades_of_three_passes_two_and_one(self):
        three, two, one = (outputs(f"fusemax_{k}pass", self.QKV)[1]["O"] for k in (3, 2, 1))
        self.same(three, two)
        self.same(three, one)
        self.assertGreater(np.abs(three).max(), 0)

    def test_absent_points_match_minus_infinity(self):
        """The families state masks differently: by absent points, and by selects around the exponential."""
        case, sparse = outputs("causal_br", self.QKV)
        dense = outputs("sdpa_cross_causal", self.QKV, {k: case.inputs[k] for k in "QKV"})[1]
        self.same(sparse["O"], dense["O"])

    def test_an_empty_row_gives_zero(self):
        size = {**self.QKV, "m": 7, "n": 5}
        self.assertEqual(np.abs(outputs("causal_br", size)[1]["O"][:, :, :2]).max(), 0)

    def test_recurrence_matches_its_quadratic_form(self):
        size = {"b": 1, "h": 2, "t": 9, "d": 3, "f": 2}
        state = outputs("linear_attention_causal", size, eps=0.0)[1]["O"]
        self.same(state, outputs("dsf_linear_attention", size)[1]["O"])

    def test_prefix_state_ends_at_the_whole(self):
        case, result = outputs("aaren", {"b": 1, "h": 2, "t": 9, "d": 3, "f": 2})
        scores = np.einsum("hd,bhtd->bht", case.inputs["q"], case.inputs["K"].astype(float)) / np.sqrt(3)
        weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
        self.same(result["O"][:, :, -1], np.einsum("bht,bhtf->bhf", weights, case.inputs["V"]))

    def test_ties_go_to_the_lower_index(self):
        size = {"b": 1, "h": 1, "m": 3, "n": 6, "d": 2, "f": 2}
        case, _ = outputs("topk_attention", size, {"K": np.ones((1, 1, 6, 2))}, k=2)
        chosen = case.tensors["Se"].values[0, 0]
        self.assertEqual(chosen.tolist(), [[n < min(m + 1, 2) for n in range(6)] for m in range(3)])


if __name__ == "__main__":
    unittest.main()
