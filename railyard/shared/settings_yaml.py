"""Settings as YAML that go-yaml, by which they are read, reads as the same values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import yaml
from typing_extensions import override

import go_yaml

WIDTH = 110
"""Columns after which a line is folded."""


_SHORT = 90
"""Characters up to which a group or list stands in one line, where that is asked for."""


class _Dumper(yaml.SafeDumper):
    """Writes texts in quotes that go-yaml would take for something else: 12e4, say."""

    @override
    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        node = super().represent_mapping(tag, mapping, flow_style)
        if node.flow_style and sum(len(key.value) + len(value.value) + 4 for key, value in node.value) > _SHORT:
            node.flow_style = False
        return node


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if go_yaml.plain_scalar(text) == text else '"'
    return cast("Any", dumper).represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def settings_yaml(document: Mapping[str, Any], *, short_in_one_line: bool = False) -> str:
    """Return a document as YAML with its keys in their order.

    ``short_in_one_line`` writes short groups, and lists, that hold no others within braces and brackets.
    """
    style = None if short_in_one_line else False
    return cast("Any", yaml).dump(
        dict(document), Dumper=_Dumper, sort_keys=False, width=WIDTH, allow_unicode=True, default_flow_style=style
    )
