"""The outcome of a preview, judged by what its program logged."""

from __future__ import annotations

from dataclasses import replace

from pulumi_operations.events import Operation, Result


def judged(result: Result) -> Result:
    """Return the result; a preview whose program logged an error has failed, though it came to its end.

    Pulumi goes on after ``pulumi.log.error``, so that everything that would change is told. An error that is about no
    resource, of a run that failed, is the program's own end: what would be deleted was not looked at.
    """
    if result.operation is not Operation.PREVIEW:
        return result
    errors = [diagnostic for diagnostic in result.diagnostics if diagnostic.severity == "error"]
    complete = result.succeeded or all(diagnostic.urn for diagnostic in errors)
    return replace(result, succeeded=result.succeeded and not errors, complete=complete)
