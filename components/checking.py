"""The check of what a program gives to a component: plain values at once, Outputs as soon as they are known.

Every value of a component's arguments may be an Output, a value that only another resource knows. Both are validated
by the model of the settings (pydantic), so that a program, a settings file and another language are refused in the same
words. What decides which resources exist has to be plain: a preview could not show them otherwise.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import pulumi
from pydantic import BaseModel, ValidationError

import go_yaml
from components.arguments import Decides, Path
from components.credentials import masked
from components.problems import Problem, field_at, inner_model, problems_of

InputsT = TypeVar("InputsT", bound="Inputs")
ModelT = TypeVar("ModelT", bound=BaseModel)
ValueT = TypeVar("ValueT")


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Base of the values that a program gives to a component, and of the groups inside of them."""


@dataclass(frozen=True)
class Checked(Generic[InputsT, ModelT]):
    """Arguments whose plain values are valid, and whose Outputs fail the run when their values are not."""

    args: InputsT
    settings: pulumi.Input[ModelT]
    """All values together: an Output where any of them is one, which fails when they do not agree with each other."""

    async def agreement(self) -> list[pulumi.Resource]:
        """Wait until all values agree; returns no resources, for ``depends_on``."""
        await pulumi.Output.from_input(self.settings).future()
        return []

    @property
    def depends_on(self) -> pulumi.Input[list[pulumi.Resource]] | None:
        """Return what the first resource of a component depends on, so that a wrong value makes none."""
        return pulumi.Output.from_input(self.agreement()) if is_output(self.settings) else None

    def made(self, make: Callable[[ModelT], ValueT]) -> pulumi.Input[ValueT]:
        """Return ``make`` of the settings: at once when all values are plain, else as an Output."""
        return derived(make, self.settings)


def checked(label: str, args: InputsT, model: type[ModelT]) -> Checked[InputsT, ModelT]:
    """Check the fields of ``args`` that ``model`` has; ``label`` is the component's name.

    Raises ``pulumi.RunError`` that lists all plain values that are wrong, and all Outputs that have to be plain.
    """
    values, outputs = _given(args, model), dict[Path, pulumi.Output[Any]]()
    plain = _without_outputs(values, (), outputs)
    if not outputs:
        refuse(label, _problems(model, plain))
        return Checked(args, model.model_validate(plain))
    early = [_must_be_plain(path, reason) for path in outputs if (reason := _plain_reason(model, path))]
    refuse(label, [*early, *_at_once(model, plain, outputs)])
    validated = {path: _validated(label, model, plain, path, output) for path, output in outputs.items()}
    settings = pulumi.Output.all(*outputs.values()).apply(
        lambda values: _agreed(label, model, plain, dict(zip(outputs, values, strict=True)), outputs)
    )
    return Checked(_replaced(args, model, validated), settings)


def refuse(label: str, problems: Sequence[Problem]) -> None:
    """Raise ``pulumi.RunError`` that lists the problems of a component; do nothing without any."""
    if not problems:
        return
    lines = [f"{label} has {len(problems)} {'problem' if len(problems) == 1 else 'problems'}:"]
    for problem in problems:
        # Masked before it is shortened: a credential that is cut off is not recognized.
        text = "" if problem.value is None else masked(json.dumps(problem.value, default=str))
        value = go_yaml.shortened(text)
        lines += [
            f"  {written(problem.path) or 'its arguments'}{value and f' = {value}'}",
            f"    allowed: {problem.allowed}",
            f"    fix: {problem.fix}",
        ]
    raise pulumi.RunError("\n".join(map(masked, lines)))


def derived(make: Callable[..., ValueT], *values: Any) -> pulumi.Input[ValueT]:
    """Return ``make(*values)``: at once when all of them are plain, else as an Output."""
    if not any(map(is_output, values)):
        return make(*values)
    return pulumi.Output.all(*values).apply(lambda resolved: make(*resolved))


def resource_inputs(args: Inputs | BaseModel, settings: type[BaseModel]) -> dict[str, Any]:
    """Return the values of ``args`` that are inputs of a resource under the same names; None for an empty list."""
    values = {name: getattr(args, name) for name in settings.model_fields}
    return {name: None if isinstance(value, list | tuple) and not value else value for name, value in values.items()}


def clear(variables: pulumi.Input[Mapping[str, pulumi.Input[str]]]) -> dict[str, str]:
    """Return the variables whose values are plain."""
    if not isinstance(variables, Mapping):
        return {}
    return {name: value for name, value in variables.items() if isinstance(value, str)}


def is_output(value: Any) -> bool:
    """Tell whether a value is known later: an Output, an awaitable, or a list that holds one."""
    if isinstance(value, list | tuple):
        return any(map(is_output, cast("Sequence[Any]", value)))
    return isinstance(value, pulumi.Output) or inspect.isawaitable(value)


def _given(args: Inputs, model: type[BaseModel]) -> dict[str, Any]:
    """Return the values that are not the default, by their names in settings."""
    values: dict[str, Any] = {}
    for field in dataclasses.fields(args):
        info, value = model.model_fields.get(field.name), getattr(args, field.name)
        if info is not None and (is_output(value) or value != _default(field)):
            values[info.alias or field.name] = _plain(value, inner_model(info.annotation))
    return values


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default


def _plain(value: Any, model: type[BaseModel] | None) -> Any:
    """Return a value with the groups in it as mappings."""
    if isinstance(value, Inputs) and model:
        return _given(value, model)
    if isinstance(value, list | tuple) and model:
        return [_plain(each, model) for each in cast("Sequence[Any]", value)]
    return value  # pyright: ignore[reportUnknownVariableType] whatever was given


def _without_outputs(value: Any, path: Path, outputs: dict[Path, pulumi.Output[Any]]) -> Any:
    """Return ``value`` without its Outputs, which are added to ``outputs``."""
    if is_output(value):
        outputs[path] = pulumi.Output.from_input(value)
    elif isinstance(value, Mapping):
        items = {
            key: _without_outputs(each, (*path, key), outputs) for key, each in cast("Mapping[str, Any]", value).items()
        }
        return {key: each for key, each in items.items() if (*path, key) not in outputs}
    elif isinstance(value, list):
        return [_without_outputs(each, (*path, at), outputs) for at, each in enumerate(cast("list[Any]", value))]
    return value


def _plain_reason(model: type[BaseModel], path: Path) -> str:
    """Return what the value at ``path`` decides, so that it has to be plain; empty when it may be an Output."""
    if _is_group(model, path):
        return "which resources there are"
    marks = [(mark, key == path[-1]) for within, key in _way_to(model, path) if (mark := mark_of(within, key))]
    return next((mark.what for mark, last in marks if last or mark.inside), "")


def mark_of(model: type[BaseModel], key: str) -> Decides | None:
    """Return the mark of a field that decides something, also where a subclass declares it again without the mark."""
    fields = (field_at(each, key) for each in model.__mro__ if issubclass(each, BaseModel))
    return next((each for field in fields if field for each in field.metadata if isinstance(each, Decides)), None)


def _way_to(model: type[BaseModel], path: Path) -> Iterator[tuple[type[BaseModel], str]]:
    """Yield the models and their keys that lead to ``path``."""
    within: type[BaseModel] | None = model
    for key in path:
        field = field_at(within, key) if within else None
        if within and field and isinstance(key, str):
            yield within, key
            within = inner_model(field.annotation)


def _is_group(model: type[BaseModel], path: Path) -> bool:
    """Tell whether ``path`` leads to a group of values or a list of groups, and not to a single value."""
    field = next((field_at(within, key) for within, key in reversed([*_way_to(model, path)])), None)
    return field is None or inner_model(field.annotation) is not None


def _must_be_plain(path: Path, decides: str) -> Problem:
    fix = "write the value, or read it from the configuration, which is known when the program starts"
    return Problem(path, None, f"a plain value, since it decides {decides}, and an Output is known too late", fix)


def _at_once(model: type[BaseModel], plain: Any, outputs: Iterable[Path]) -> list[Problem]:
    """Return what is wrong with plain values by themselves; all are compared with each other when all are known."""
    problems = _problems(model, plain)
    return [each for each in problems if each.path not in outputs and not _is_group(model, each.path)]


def _problems(model: type[BaseModel], values: Any) -> list[Problem]:
    try:
        model.model_validate(values)
    except ValidationError as error:
        return problems_of(error, model, values, ())
    return []


def _validated(
    label: str, model: type[BaseModel], plain: Any, path: Path, output: pulumi.Output[Any]
) -> pulumi.Output[Any]:
    """Return the Output, which fails when its value alone is wrong."""

    async def validate(value: Any) -> Any:
        problems = [] if value is None else _problems(model, _put(plain, path, value))
        of_value = [each for each in problems if each.path[: len(path)] == path]
        refuse(label, await _masked(of_value, {path: value}, {path: output}))
        return value

    return output.apply(validate)


async def _agreed(
    label: str,
    model: type[ModelT],
    plain: Any,
    values: Mapping[Path, Any],
    outputs: Mapping[Path, pulumi.Output[Any]],
) -> ModelT:
    """Return the settings that all values together are."""
    whole = plain
    for path, value in values.items():
        whole = _put(whole, path, value)
    refuse(label, await _masked(_problems(model, whole), values, outputs))
    return model.model_validate(whole)


async def _masked(
    problems: Sequence[Problem], values: Mapping[Path, Any], outputs: Mapping[Path, pulumi.Output[Any]]
) -> list[Problem]:
    """Return the problems without the values that are secrets."""
    if not problems:
        return []
    paths = [path for path in values if await outputs[path].is_secret()]
    secrets = [text for path in paths for text in _leaves(values[path])]
    return [
        dataclasses.replace(
            each,
            value="(secret)" if _shows(each, paths, secrets) else each.value,
            allowed=_hidden(each.allowed, secrets),
            fix=_hidden(each.fix, secrets),
        )
        for each in problems
    ]


def _shows(problem: Problem, paths: Iterable[Path], secrets: Sequence[str]) -> bool:
    """Tell whether the value of a problem is one at the paths of secrets, or holds one of these."""
    if problem.value is None:
        return False
    leaves = list(_leaves(problem.value))
    return any(problem.path[: len(path)] == path for path in paths) or any(
        secret in leaf for secret in secrets for leaf in leaves
    )


def _leaves(value: Any) -> Iterator[str]:
    """Yield the values in groups and lists as strings, except for those that are None or empty."""
    if isinstance(value, Mapping):
        value = list(cast("Mapping[str, Any]", value).values())
    if isinstance(value, list | tuple):
        for each in cast("Sequence[Any]", value):
            yield from _leaves(each)
    elif value not in (None, ""):
        yield str(value)


def _hidden(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "(secret)")
    return text


def _put(value: Any, path: Path, put: Any) -> Any:
    """Return ``value`` with ``put`` at ``path``; None counts as not given."""
    if not path:
        return put
    key, *rest = path
    if isinstance(key, int):
        items = [*cast("list[Any]", value)]
        items[key] = _put(items[key], tuple(rest), put)
        return items
    group = {**cast("Mapping[str, Any]", value or {})}
    new = _put(group.get(key), tuple(rest), put)
    if new is None:
        group.pop(key, None)
    else:
        group[key] = new
    return group


def _replaced(args: InputsT, model: type[BaseModel], validated: Mapping[Path, pulumi.Output[Any]]) -> InputsT:
    """Return ``args`` with the validated Outputs in the places of those that were given."""
    changes: dict[str, Any] = {}
    for key, below in _by_key(validated):
        name, info = next((name, info) for name, info in model.model_fields.items() if (info.alias or name) == key)
        changes[name] = _in_place(getattr(args, name), inner_model(info.annotation), below)
    return dataclasses.replace(args, **changes)


def _in_place(value: Any, model: type[BaseModel] | None, validated: Mapping[Path, pulumi.Output[Any]]) -> Any:
    if () in validated:
        return validated[()]
    if isinstance(value, Inputs) and model:
        return _replaced(value, model, validated)
    if isinstance(value, Mapping):
        return {**cast("Mapping[str, Any]", value), **{key: below[()] for key, below in _by_key(validated)}}
    items = list(cast("Sequence[Any]", value))
    for at, below in _by_key(validated):
        items[at] = _in_place(items[at], model, below)
    return items


def _by_key(validated: Mapping[Path, pulumi.Output[Any]]) -> Iterator[tuple[Any, dict[Path, pulumi.Output[Any]]]]:
    for key in dict.fromkeys(path[0] for path in validated):
        yield key, {path[1:]: output for path, output in validated.items() if path[0] == key}


def written(path: Path) -> str:
    """Return a place as messages name it: ``domains[0].hostname``."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f"{'.' if text else ''}{key}"
    return text
