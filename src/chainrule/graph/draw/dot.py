"""Graphs in the DOT language, for people who have Graphviz."""

from __future__ import annotations

from chainrule.graph.draw.colors import ROLES
from chainrule.graph.draw.content import Content
from chainrule.graph.draw.fonts import plain
from chainrule.graph.draw.views import Views

_FILLS = {"input": "input-soft", "parameter": "parameter-soft", "inner": "panel", "root": "panel"}


def dot_text(views: Views) -> str:
    r"""Write a graph in the DOT language: what its drawing shows, without pictures of arrays.

    Source of the language: https://graphviz.org/doc/info/lang.html

    >>> import chainrule as cr
    >>> a, b = cr.variables("a b")
    >>> print((a * b).dot())
    digraph {
      rankdir=LR
      node [shape=box style="rounded,filled" fontname="sans-serif"]
      edge [color="#0b57a8" fontname="sans-serif" fontcolor="#b03a05"]
      n0 [label="a" fillcolor="#dff4ed"]
      n1 [label="b" fillcolor="#dff4ed"]
      n2 [label="J = a * b" fillcolor="#f4f6f9"]
      n0 -> n2
      n1 -> n2
    }
    """
    forward, backward = ROLES["forward"][0], ROLES["backward"][0]
    lines = [
        "digraph {",
        "  rankdir=LR",
        '  node [shape=box style="rounded,filled" fontname="sans-serif"]',
        f'  edge [color="{forward}" fontname="sans-serif" fontcolor="{backward}"]',
    ]
    for place, node in enumerate(views.nodes()):
        fill = ROLES[_FILLS[node.kind]][0]
        lines.append(f'  n{place} [label={_quoted(_words(node.content))} fillcolor="{fill}"]')
    for edge in views.edges():
        label = f" [label={_quoted(_words(edge.content))}]" if edge.backward else ""
        lines.append(f"  n{edge.source} -> n{edge.target}{label}")
    return "\n".join([*lines, "}"])


def _words(content: Content) -> str:
    return "\n".join(plain(line.text) for block in content.blocks for line in block.lines)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
