# EyeLike, Range and constants of ONNX. linspace ends with its `stop` itself.
import numpy as np

TOLERANCE = {"": 0, "spaced_down": 4e-16, "size": 1e-15, "nothing_default": 0}


def inputs(random):
    return {"x": random.uniform(-1, 1, (5, 3)),
            "i": random.integers(-9, 10, (5, 2)).astype(np.int32),
            "b": np.array([True, True])}


def outputs(x, w):
    f32, f64, i32 = np.float32, np.float64, np.int32
    shape = (5, 3)
    third = 3.1 / 3
    return {
        "nothing": np.zeros(shape), "nothing_default": np.zeros(2, f32), "all_one": np.ones(shape),
        "one_default": np.array(1, f32), "whole_one": np.array([1] * 5),
        "filled": np.array([[2.5] * 3] * 2), "filled_from": np.array([-1, -1], f32),
        "filled_bytes": np.array([255] * 3, np.uint8), "filled_truth": np.array([True, True]),
        "like": np.zeros(shape), "like_one": np.ones(shape),
        "whole_like": np.array([[[0, 0]] * 5, [[1, 1]] * 5], i32),
        "unit": np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1.0]]),
        "unit_wide": np.array([[1, 0, 0, 0], [0, 1, 0, 0]], f32),
        "unit_whole": np.array([[1, 0], [0, 1], [0, 0]], i32), "count": np.array([0, 1, 2, 3], f32),
        "count_from": np.array([3, 4, 5, 6, 7.0]), "count_step": np.array([-2, 1, 4, 7]),
        "count_down": np.array([7, 5, 3], i32), "spaced": np.array([-1, -0.25, 0.5, 1.25, 2]),
        "spaced_default": np.array([0.5, 1, 1.5], f32),
        "spaced_down": np.array([3, 3 - third, 3 - 2 * third, -0.1]), "spaced_one": np.array([0.1]),
        "matrix": np.array([[1, 2.5, -3], [0.1, 1e-300, 1e300]]),
        "cube": np.array([[[0.1, -0.1], [65504, 6e-8]]], np.float16), "scalar": np.array(-7, i32),
        "lines": np.array([True, False]), "size": x["x"].sum(), "parts": x["x"]}
