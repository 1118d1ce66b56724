"""Shrinking keeps the failure and leaves nothing else; generated kernels are the same for the same seed."""

import unittest

import kernels
import shrink

CASE = """kernel k[T: f32](X: T[m, n], Y: f16[n] , G: i32[m] in 0..4, c: const i32 = 3)
    -> (A: T[m] else 7, B: T[m, n])
{
  rank j = 5
  J[m,j] = topk[n -> j](X)
  A[m] = sum[n | n < m]((X[m,n] + T(Y[n])) * exp(-abs(X[m,n]))) + 0.5  where G[m] > 1
  B[m,n] = if n < m then A[m] else max(X[m,n], 1.5)
}
"""


class Shrinking(unittest.TestCase):
    def shrunk(self, needles):
        test = lambda text: "fails" if all(n in text for n in needles) else None
        return shrink.shrink(CASE, test)

    def test_what_the_failure_needs_stays(self):
        text, failure = self.shrunk(["exp(", "-> (A: T"])
        self.assertEqual(failure, "fails")
        self.assertIn("exp(", text)
        kernel = shrink.Kernel(text)
        self.assertEqual((len(kernel.arguments), len(kernel.outputs), len(kernel.lines)), (0, 1, 1))
        self.assertNotIn("sum", text)
        self.assertNotIn("where", text)

    def test_ranks_and_clauses_go(self):
        kernel = shrink.Kernel(self.shrunk(["topk[n -> j]"])[0])
        self.assertEqual((kernel.arguments, kernel.lines), ([], ["J = topk[n -> j](X)"]))

    def test_what_does_not_fail_is_left_alone(self):
        self.assertEqual(self.shrunk(["nowhere"]), (CASE, None))

    def test_every_form_of_equation_is_reached_and_seeds_repeat(self):
        texts = [kernels.Kernel(seed).text() for seed in range(200)]
        self.assertEqual(texts, [kernels.Kernel(seed).text() for seed in range(200)])
        for form in ("topk[", "sort[", "rank_of[", "cumsum[", "cumprod[", "descending ", "from absent", " from ", "present(",
                     " in 0..", "bool[", "i4[", "f8e4m3[", "argmax[", "any[", " like ", "const i32", "// 2 * 2 - 1"):
            self.assertTrue(any(form in text for text in texts), form)


if __name__ == "__main__":
    unittest.main()
