"""The documentation does what it says: its examples run and its links lead somewhere."""

import contextlib
import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
FENCE = re.compile(r"^```(?P<language>[^\n]*)\n(?P<text>.*?)^```\s*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")


def page_name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def examples(page: Path) -> list[tuple[int, str, str]]:
    """The first line, language and text of every fenced block of a page."""
    text = page.read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, found.start("text")), found["language"].strip(), found["text"])
        for found in FENCE.finditer(text)
    ]


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_the_examples_of_a_page_run_from_top_to_bottom(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for line, language, text in examples(page):
        if language == "python":
            exec(compile("\n" * line + text, page, "exec"), names)
        elif language == "pycon":
            test = doctest.DocTestParser().get_doctest(text, names, page_name(page), str(page), line)
            outcome = doctest.DocTestRunner().run(test, clear_globs=False)
            names = test.globs
            assert outcome.failed == 0


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    prose = FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = [found["target"].partition("#")[0] for found in LINK.finditer(prose)]
    local = [target for target in targets if target and ":" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("name", ["graph.svg", "neuron.svg"])
def test_the_pictures_of_the_guide_are_those_that_its_blocks_draw(name: str, drawn: Path) -> None:
    assert (drawn / name).read_text() == (ROOT / "docs/images" / name).read_text(), "run make pictures"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the blocks of the guide save."""
    folder = tmp_path_factory.mktemp("drawn")
    page = ROOT / "docs/guides/every-step.md"
    names: dict[str, object] = {}
    with contextlib.chdir(folder):
        for line, language, text in examples(page):
            if language == "python":
                exec(compile("\n" * line + text, page, "exec"), names)
    return folder


def test_the_layout_names_files_that_are_there() -> None:
    named = set(re.findall(r"`(\w+\.py)`", (ROOT / "docs/developer/layout.md").read_text(encoding="utf-8")))
    assert len(named) > 40
    there = [*ROOT.glob("src/**/*.py"), *ROOT.glob("benchmarks/*.py")]
    assert named - {path.name for path in there} == set()
