"""Reads YAML as go-yaml version 3 does, which the Pulumi CLI and SOPS use, with the place and characters of each value.

    go_yaml.load("commit: 0123456")   # {"commit": 42798}
    node = go_yaml.find(go_yaml.compose(text), ("config", "railyard:seance", "commit"))
    node.line, go_yaml.written(node)  # its line, and its characters

Does not write. Knows neither settings nor secrets.
"""

from go_yaml.errors import Reason, YamlError, printable, shortened
from go_yaml.nodes import AliasNode, ListNode, MappingNode, Node, ScalarNode, compose
from go_yaml.scalars import Scalar, Timestamp, plain_scalar
from go_yaml.values import Value, entries, find, is_merge, load, resolved, scalar_of, value_of, written

__all__ = [
    "AliasNode",
    "ListNode",
    "MappingNode",
    "Node",
    "Reason",
    "Scalar",
    "ScalarNode",
    "Timestamp",
    "Value",
    "YamlError",
    "compose",
    "entries",
    "find",
    "is_merge",
    "load",
    "plain_scalar",
    "printable",
    "resolved",
    "scalar_of",
    "shortened",
    "value_of",
    "written",
]
