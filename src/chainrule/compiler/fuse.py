"""Which elementwise nodes of a section run together as one map, and in which order the section runs."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.compiler.sections import operands
from chainrule.graph import shapes
from chainrule.graph.expression import Expression

Group = list[Expression]


def is_elementwise(node: Expression) -> bool:
    """Tell whether a node can be part of a map."""
    return node.op.elementwise or node.op.name == "broadcast_to"


def schedule(section: Sequence[Expression]) -> list[Group]:
    """Order a section into groups: the nodes of one map, or a single node of another kind.

    A node's level counts the instructions of other kinds, or maps of other shapes, that must come before. The
    elementwise nodes of one level and shape that have anything in common form one map.
    """
    level = _late_levels(section, _early_levels(section))
    groups: list[Group] = []
    for number in sorted(set(level.values())):
        here = [node for node in section if level[node] == number]
        maps = [node for node in here if is_elementwise(node)]
        groups += _connected(maps)
        groups += [[node] for node in here if not is_elementwise(node)]
    return groups


def _in_one_map(source: Expression, user: Expression) -> bool:
    return is_elementwise(source) and is_elementwise(user) and source.shape == user.shape


def _early_levels(section: Sequence[Expression]) -> dict[Expression, int]:
    level: dict[Expression, int] = {}
    for node in section:
        before = [source for source in operands(node) if source in level]
        after_maps = is_elementwise(node)
        level[node] = max(
            (level[s] + (after_maps and not _in_one_map(s, node)) for s in before),
            default=0,
        )
    return level


def _late_levels(section: Sequence[Expression], level: dict[Expression, int]) -> dict[Expression, int]:
    """Move each elementwise node down to its first user, so that less is kept in between."""
    latest: dict[Expression, int] = {}
    for node in reversed(section):
        if is_elementwise(node) and node in latest:
            level[node] = max(level[node], latest[node])
        for source in operands(node):
            gap = is_elementwise(node) and not _in_one_map(source, node)
            limit = level[node] - gap
            latest[source] = min(latest.get(source, limit), limit)
    return level


def _connected(maps: Sequence[Expression]) -> list[Group]:
    """Split the elementwise nodes of a level by shape, and those of more than one number by what they share."""
    parent: dict[object, object] = {}

    def find(item: object) -> object:
        while parent.setdefault(item, item) is not item:
            item = parent[item]
        return item

    for node in maps:
        single = shapes.size(node.shape) == 1 and not shapes.has_examples(node.shape)
        parent[find(node)] = find(("shape", node.shape) if single else node)
        for source in operands(node):
            if source.shape == node.shape and source.op.name != "constant":
                parent[find(source)] = find(node)
    groups: dict[object, Group] = {}
    for node in maps:
        groups.setdefault((find(node), node.shape), []).append(node)
    return list(groups.values())
