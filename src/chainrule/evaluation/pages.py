"""What the pages of runs share: their look, and how a template becomes a page."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any


def render_page(template: Traversable, **values: Any) -> str:
    """Return a page as HTML.

    Args:
        template: of the page. It may import `drawn` from `plot.html.j2`, which shows a `Plot` with its legend.
        values: what the template prints, by name; `style` is there by itself.
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    folder = files("chainrule.evaluation")
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8")),
    )
    style = Markup((folder / "report.css").read_text(encoding="utf-8"))
    return environment.from_string(template.read_text(encoding="utf-8")).render(style=style, **values)
