from collections.abc import Iterator

import pytest

from chainrule import progress
from chainrule.progress import track


def test_items_come_through_in_order() -> None:
    assert list(track(iter("abc"), total=3, label="Reading", enabled=True)) == ["a", "b", "c"]


def test_nothing_is_written_when_stderr_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    assert list(track([1, 2], label="Reading")) == [1, 2]
    assert capsys.readouterr() == ("", "")


def test_short_work_shows_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    list(track([1, 2], label="Reading", enabled=True))
    assert capsys.readouterr() == ("", "")


def test_long_work_shows_a_bar_on_stderr(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    list(track([1, 2, 3], label="Reading [dogs]", enabled=True))
    out, err = capsys.readouterr()
    assert out == ""
    assert "Reading [dogs]" in err
    assert "3/3" in err


def test_an_error_passes_through_and_ends_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)

    def failing() -> Iterator[int]:
        yield 1
        raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        list(track(failing(), total=2, enabled=True))
    # A bar left running would refuse the next one.
    assert list(track([1], enabled=True)) == [1]
