"""Parquet files of pictures, as Hugging Face publishes them."""

from __future__ import annotations

import json
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.data.decode import PictureError
from chainrule.data.pictures import picture_paths, read_picture, read_rows
from chainrule.data.settings import PictureSettings
from chainrule.errors import UserError
from tests.data.archives import picture

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

SETTINGS = PictureSettings(size=2)
CLASSES = ["emu", "cat", "dog"]


def read(path: Path, **options: Any) -> cr.Dataset:
    return cr.read_pictures(path, size=2, progress=False, **options)


def noted(**names: list[str]) -> dict[str, str]:
    """The names of classes as Hugging Face writes them beside the columns."""
    features = {column: {"names": known, "_type": "ClassLabel"} for column, known in names.items()}
    return {"huggingface": json.dumps({"info": {"features": {"image": {"_type": "Image"}, **features}}})}


def pictures(count: int, *, column: str = "image", **more: Any) -> Any:
    """A table whose pictures are so red as their row says."""
    cells = [{"bytes": picture(10 * row), "path": f"photos/{row}.png"} for row in range(count)]
    return pa.table({column: cells, **more})


def written(path: Path, table: Any, metadata: dict[str, str] | None = None, **options: Any) -> Path:
    pq.write_table(table.replace_schema_metadata(metadata), path, **options)
    return path


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    table = pictures(5, label=[2, 1, -1, 1, None])
    return written(tmp_path / "pets.parquet", table, noted(label=CLASSES), row_group_size=2)


def test_labels_get_the_names_that_hugging_face_notes(pets: Path) -> None:
    data = read(pets)
    assert (data.classes, data.targets) == (("cat", "dog"), [1, 0, 0])
    assert data.X[:, 0].tolist() == [0, 10, 30]
    assert data.paths == (f"{pets}/0/0.png", f"{pets}/1/1.png", f"{pets}/3/3.png")
    assert [(skip.path, skip.reason) for skip in data.skipped] == [
        (f"{pets}/2/2.png", "it has no label"),
        (f"{pets}/4/4.png", "it has no label"),
    ]


def test_classes_keep_the_order_that_is_noted(tmp_path: Path) -> None:
    data = read(written(tmp_path / "a.parquet", pictures(3, label=[2, 0, 1]), noted(label=CLASSES)))
    assert (data.classes, data.targets) == (("emu", "cat", "dog"), [2, 0, 1])


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (pa.array(["dog", "cat", "dog"]), ("cat", "dog")),
        (pa.array(["dog", "cat", "dog"], pa.large_string()), ("cat", "dog")),
        (pa.array(["dog", "cat", "dog"]).dictionary_encode(), ("cat", "dog")),
        (pa.array([10, 9, 10], pa.uint8()), ("9", "10")),
        (pa.array([True, False, True]), ("False", "True")),
    ],
)
def test_labels_may_be_words_or_numbers(tmp_path: Path, labels: Any, classes: tuple[str, str]) -> None:
    data = read(written(tmp_path / "a.parquet", pictures(3, label=labels)))
    assert (data.classes, data.targets) == (classes, [1, 0, 1])


@pytest.mark.parametrize(("column", "label"), [("img", "fine_label"), ("IMAGE", "labels"), ("pixels", "sort")])
def test_columns_may_have_other_names(tmp_path: Path, column: str, label: str) -> None:
    table = pictures(2, column=column, **{label: [0, 1], "width": [6, 6]})
    data = read(written(tmp_path / "a.parquet", table, noted(**{label: ["a", "b"]})))
    assert (data.classes, data.targets) == (("a", "b"), [0, 1])


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary()])
def test_pictures_may_be_plain_bytes(tmp_path: Path, kind: Any) -> None:
    table = pa.table({"image": pa.array([picture(1), None, picture(2)], kind), "label": ["a", "a", "b"]})
    data = read(made := written(tmp_path / "a.parquet", table))
    assert (data.X[:, 0].tolist(), data.paths) == ([1, 2], (f"{made}/0", f"{made}/2"))
    assert [(skip.path, skip.reason) for skip in data.skipped] == [(f"{made}/1", "the row holds no picture")]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (
            {"x": [1.5, 2.5], "label": ["a", "b"]},
            r"no column of pictures: .* image, img.*: x \(double\), label \(str",
        ),
        (
            {"a": [b"1", b"2"], "b": [b"1", b"2"]},
            r"more than one column of pictures: .*: a \(binary\), b \(binary\)",
        ),
        (
            {"image": [b"1", b"2"], "label": [1.5, 2.5]},
            r"no column of labels: .* label, labels.*: .*label \(double\)",
        ),
        ({"image": [b"1", b"2"], "label": [[1], [2]]}, r"no column of labels: .*label \(list"),
        ({"image": [b"1"], "width": [1]}, "no column of labels"),
    ],
)
def test_columns_that_are_missing_are_a_clear_error(tmp_path: Path, columns: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        read(written(tmp_path / "a.parquet", pa.table(columns)))


@pytest.mark.parametrize("note", ["{", "[]", '{"info": 3}', '{"info": {"features": {"label": {"names": [1, 2]}}}}'])
def test_notes_that_make_no_sense_are_passed_over(tmp_path: Path, note: str) -> None:
    data = read(written(tmp_path / "a.parquet", pictures(2, label=[0, 1]), {"huggingface": note}))
    assert data.classes == ("0", "1")


def test_a_label_without_a_name_is_skipped(tmp_path: Path) -> None:
    data = read(written(tmp_path / "a.parquet", pictures(3, label=[0, 1, 7]), noted(label=["a", "b"])))
    assert [skip.reason for skip in data.skipped] == ["its label is 7, but the classes go from 0 to 1"]


def test_unreadable_pictures_are_skipped_or_refused(tmp_path: Path) -> None:
    table = pa.table({"image": [picture(1), b"words", picture(2)], "label": ["a", "a", "b"]})
    made = written(tmp_path / "a.parquet", table)
    assert [(skip.path, skip.reason) for skip in read(made).skipped] == [(f"{made}/1", "not a picture")]
    with pytest.raises(PictureError, match=r"a\.parquet/1 cannot be read as a picture: not a picture"):
        read(made, strict=True)


def shards(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        written(folder / name, pictures(3, label=[number % 2, 1 - number % 2, 0]), noted(label=["a", "b"]))
    return folder


def test_the_parts_of_a_table_are_read_together(tmp_path: Path) -> None:
    top = shards(
        tmp_path / "pets",
        "train-00000-of-00002.parquet",
        "train-00001-of-00002.parquet",
        "validation-00000-of-00001.parquet",
        "test-00000-of-00001.parquet",
    )
    (top / "README.md").write_text("words")
    (top / ".gitattributes").write_text("words")
    data = read(top)
    assert data.splits == ("train",) * 6 + ("validation",) * 3 + ("test",) * 3
    assert data.targets == [0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0]
    assert data.paths[3] == f"{top}/train-00001-of-00002.parquet/0/0.png"
    assert [(skip.path, skip.reason) for skip in data.skipped] == [(f"{top}/README.md", "lies beside the tables")]


@pytest.mark.parametrize(
    "names",
    [
        ("data/train-00000-of-00001.parquet", "data/test-00000-of-00001.parquet"),
        ("default/train/0000.parquet", "default/test/0000.parquet"),
        ("train/0000.parquet", "test/0000.parquet"),
    ],
)
def test_tables_may_lie_in_folders_as_they_are_downloaded(tmp_path: Path, names: tuple[str, ...]) -> None:
    top = shards(tmp_path / "pets", *names)
    (top / "README.md").write_text("words")
    (top / ".cache").mkdir()
    assert read(top).splits == ("train",) * 3 + ("test",) * 3


@pytest.mark.parametrize(
    ("names", "splits", "skipped"),
    [
        (("a.parquet", "b.parquet"), (), 0),
        (("test-0.parquet",), (), 0),
        (("train-0.parquet", "extra-0.parquet"), (), 0),
        (("trains.parquet", "tests.parquet"), (), 0),
        (("train-0.parquet",), ("train",) * 3, 0),
        (("train.parquet", "extra.parquet", "val.parquet"), ("train",) * 3 + ("validation",) * 3, 1),
    ],
)
def test_parts_follow_the_rules_of_folders(
    tmp_path: Path, names: tuple[str, ...], splits: tuple[str, ...], skipped: int
) -> None:
    data = read(shards(tmp_path / "pets", *names))
    assert (data.splits, len(data.skipped)) == (splits, skipped)


def test_a_table_beside_folders_of_classes_is_only_skipped(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(picture(1))
    written(tmp_path / "index.parquet", pa.table({"x": [1]}))
    data = read(tmp_path)
    assert data.classes == ("cat", "dog")
    assert [skip.reason for skip in data.skipped] == ["lies outside the folders of the classes"]


def test_a_table_says_its_labels_itself(pets: Path) -> None:
    for options in ({"label_from": "(.)"}, {"negative": pets.parent}):
        with pytest.raises(UserError, match="says the label of each picture itself"):
            read(pets, **options)


def test_a_row_has_a_name_that_can_be_read(pets: Path) -> None:
    assert read_picture(pets / "3", SETTINGS)[0] == 30
    paths = [pets / "3/3.png", pets / "0/whatever", pets / "9", pets / "x", pets / ("1" * 5000)]
    X, kept, skipped = read_rows(paths, SETTINGS, strict=False)
    assert (X[:, 0].tolist(), kept.tolist()) == ([30, 0], [0, 1])
    assert {skip.reason for skip in skipped} == {f"there is no such picture in {pets}"}


def test_a_table_stands_for_its_pictures_with_labels_or_without(tmp_path: Path, pets: Path) -> None:
    assert picture_paths(pets) == [f"{pets}/{row}/{row}.png" for row in range(5)]
    bare = written(tmp_path / "bare.parquet", pa.table({"image": [picture(1), picture(2)]}))
    assert picture_paths(bare) == [f"{bare}/0", f"{bare}/1"]


def test_structs_of_another_form_are_understood_or_refused(tmp_path: Path) -> None:
    cells = [{"bytes": picture(row), "path": row} for row in range(2)]
    made = written(tmp_path / "a.parquet", pa.table({"image": cells, "label": ["--5", "7"]}))
    data = read(made)
    assert (data.paths, data.classes) == ((f"{made}/0", f"{made}/1"), ("--5", "7"))
    deeper = pa.table({"image": [{"bytes": cell} for cell in cells], "label": [0, 1]})
    with pytest.raises(UserError, match="no column of pictures"):
        read(written(tmp_path / "b.parquet", deeper))


def test_of_columns_with_one_name_none_is_taken(tmp_path: Path) -> None:
    table = pa.Table.from_arrays(
        [pa.array([picture(1)]), pa.array([picture(2)]), pa.array([0])], ["image", "image", "a"]
    )
    with pytest.raises(UserError, match="no column of pictures"):
        read(written(tmp_path / "a.parquet", table))


def test_names_of_files_cannot_lead_anywhere(tmp_path: Path) -> None:
    cells = [{"bytes": picture(1), "path": "../../etc/passwd"}, {"bytes": picture(2), "path": "C:\\x\\2.png"}]
    made = written(tmp_path / "a.parquet", pa.table({"image": cells, "label": ["a", "b"]}))
    assert read(made).paths == (f"{made}/0/passwd", f"{made}/1/2.png")


def test_labels_that_are_no_text_are_a_clear_error(tmp_path: Path) -> None:
    made = written(tmp_path / "a.parquet", pictures(2, label=["zebra", "cat"]), compression="none")
    made.write_bytes(made.read_bytes().replace(b"zebra", b"z\xffbra"))
    with pytest.raises(UserError, match=r"a\.parquet cannot be read as a Parquet file"):
        read(made)


def test_without_pyarrow_the_error_says_how_to_get_it(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UserError, match=r"pip install 'chainrule\[parquet\]'"):
        read(pets)


@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4), st.floats(0, 1))
@settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_happens_to_a_table_it_is_read_or_refused(
    pets: Path, changes: list[tuple[float, int]], kept: float
) -> None:
    data = bytearray(pets.read_bytes())
    for place, value in changes:
        data[int(place * len(data))] = value
    damaged = pets.with_name("damaged.parquet")
    damaged.write_bytes(data[: round(len(data) * kept)] if kept < 0.5 else data)
    found: cr.Dataset | UserError
    try:
        found = read(damaged)
    except UserError as error:
        found = error
    if isinstance(found, UserError):
        assert "damaged.parquet" in str(found)
    else:
        assert len(found) + len(found.skipped) >= 2


def test_a_large_table_is_not_in_memory_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.data.reading._MOST_BYTES_WAITING", 1 << 20)
    monkeypatch.setattr("chainrule.data.containers.parquet._PICTURE_BYTES_AT_ONCE", 1 << 20)
    cells = [picture(row % 256) + row.to_bytes(4, "big") + bytes(250_000) for row in range(200)]
    table = pa.table({"image": pa.array(cells), "label": ["a", "b"] * 100})
    made = written(tmp_path / "a.parquet", table, use_dictionary=False, compression="none", write_batch_size=4)
    del cells, table
    assert made.stat().st_size > 45 << 20
    usual = pa.default_memory_pool()
    theirs = pa.proxy_memory_pool(usual)
    pa.set_memory_pool(theirs)
    tracemalloc.start()
    try:
        assert len(read(made)) == 200
        ours = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        pa.set_memory_pool(usual)
    assert ours < 8 << 20
    assert 0 < theirs.max_memory() < 16 << 20
