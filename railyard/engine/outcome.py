"""The outcome of a preview, which follows from what its program logged, too."""

from __future__ import annotations

from dataclasses import replace

from pulumi_operations.events import Operation, Result


def outcome_of(result: Result) -> Result:
    """Return the result; a preview whose program logged an error has failed, though it came to its end.

    Pulumi goes on after ``pulumi.log.error``, so that all that would change is reported. An error that is about no
    resource, of a run that failed, is the program's own end: what would be deleted is not known then.
    """
    if result.operation is not Operation.PREVIEW:
        return result
    errors = [diagnostic for diagnostic in result.diagnostics if diagnostic.severity == "error"]
    complete = result.succeeded or all(diagnostic.urn for diagnostic in errors)
    return replace(result, succeeded=result.succeeded and not errors, complete=complete)
