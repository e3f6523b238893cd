"""Line figures as SVG that belongs to a page, and weights as pictures."""

import re
from typing import Any

import matplotlib
import numpy as np

from chainrule.evaluation.figures import SERIES, Line, Points, lines_figure, points_figure, square_figure
from chainrule.evaluation.thumbnails import picture_of_weights


def cost_figure(**options: bool) -> str:
    line = Line([1, 2, 3], [0.5, 0.02, 0.001], SERIES[0])
    return lines_figure("cost", [line], x_label="epoch", y_label="cost", description="It falls.", mark=2, **options)


def test_colours_come_from_the_page() -> None:
    svg = cost_figure()
    assert not re.search(r"#[0-9a-f]{6}\b", svg)
    assert {"var(--series-1)", "var(--soft)", "var(--line)"} <= set(re.findall(r"var\(--[a-z0-9-]+\)", svg))


def test_ids_and_what_refers_to_them_carry_the_figures_name() -> None:
    svg = cost_figure()
    ids = set(re.findall(r'id="([^"]+)"', svg))
    assert all(name.startswith("cost-") for name in ids)
    assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= ids


def test_text_stays_text_and_epochs_are_whole() -> None:
    assert re.findall(r">([^<>\s]+)</text>", cost_figure())[:3] == ["1", "2", "3"]


def test_a_logarithmic_axis_has_plain_numbers() -> None:
    labels = re.findall(r">([^<>\s]+)</text>", cost_figure(logarithmic=True))
    assert {"0.1", "0.01"} <= set(labels)


def test_a_single_epoch_is_a_dot_on_a_whole_number() -> None:
    svg = lines_figure("a", [Line([1], [0.5], SERIES[0])], x_label="epoch", y_label="cost", description="d")
    labels = re.findall(r">([^<>\s]+)</text>", svg)
    assert "1" in labels
    assert "0.96" not in labels
    assert "<use" in svg


def points_of(**options: Any) -> str:
    points = [Points([1, 2], [0.5, 0.7], SERIES[0]), Points([3], [0.9], SERIES[7], hollow=True)]
    return points_figure("tries", points, x_label="try", y_label="cost", description="Three tries.", **options)


def labels_of(svg: str) -> list[str]:
    return re.findall(r">([^<>]+)</text>", svg)


def test_points_have_the_colours_of_their_series_and_rings_are_hollow() -> None:
    svg = points_of(mark=(1, 0.5))
    dots = re.findall(r'<use [^>]*style="([^"]*)"', svg)
    assert [style for style in dots if "series-1" in style and "fill: none" not in style] != []
    assert all("fill: none" in style or "fill-opacity: 0" in style for style in dots if "series-8" in style)
    assert any("var(--ink)" in style for style in dots)


def test_an_axis_of_names_shows_them_in_order() -> None:
    assert [one for one in labels_of(points_of(names=["none", "relu", "tanh"])) if one.isalpha()][:3] == [
        "none",
        "relu",
        "tanh",
    ]


def test_an_axis_of_whole_numbers_shows_no_others() -> None:
    assert {"1", "2", "3"} <= set(labels_of(points_of(whole=True)))
    assert "1.50" not in labels_of(points_of(whole=True))
    assert "1.50" in labels_of(points_of())


def test_a_horizontal_axis_can_be_logarithmic() -> None:
    points = [Points([0.001, 1.0], [0.5, 0.7], SERIES[0])]
    svg = points_figure("a", points, x_label="x", y_label="y", description="d", logarithmic="x")
    assert {"0.001", "0.01", "0.1", "1"} <= set(labels_of(svg))


def test_long_curves_are_thinned_but_keep_their_ends() -> None:
    rates = np.linspace(0, 1, 100_000)
    svg = square_figure("roc", [Line(rates, rates**2, SERIES[0])], x_label="x", y_label="y", description="d")
    assert len(svg) < 40_000


def test_drawing_leaves_the_settings_of_matplotlib_alone() -> None:
    before = dict(matplotlib.rcParams)
    cost_figure()
    assert dict(matplotlib.rcParams) == before


def test_the_largest_weight_has_full_strength_and_zero_the_middle() -> None:
    grey = picture_of_weights(np.array([0.0, 5.0, -5.0, 2.5]), (2, 2, 1))
    assert grey[0, 0].tolist() == [247, 247, 247]
    assert grey[0, 1].tolist() == [178, 24, 43]
    assert grey[1, 0].tolist() == [33, 102, 172]
    color = picture_of_weights(np.array([0.0, 2.0, -2.0]), (1, 1, 3))
    assert color.tolist() == [[[128, 255, 0]]]


def test_weights_of_zero_are_the_middle_everywhere() -> None:
    assert np.unique(picture_of_weights(np.zeros(12), (2, 2, 3))).tolist() == [128]
