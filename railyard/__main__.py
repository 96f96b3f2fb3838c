"""``railyard``, as a console script and as ``python -m railyard``."""

import signal
import sys
from contextlib import suppress
from functools import partial


def main() -> None:
    """Run the command line; systems in Python are those of the project in whose folder it is called."""
    interrupted = signal.getsignal(signal.SIGINT)
    if interrupted is signal.default_int_handler:
        # The imports take a second: a Ctrl-C meanwhile ends the process without a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    from railyard.shared.broken_pipe import run  # noqa: PLC0415 - see above
    from railyard.shared.console import CallError  # noqa: PLC0415
    from railyard.shared.project import project_directory  # noqa: PLC0415

    with suppress(CallError):  # help needs no project; a command that does says that there is none
        sys.path.append(str(project_directory()))
    from railyard.application import application  # noqa: PLC0415

    signal.signal(signal.SIGINT, interrupted)
    run(partial(application, prog_name="railyard"))


if __name__ == "__main__":
    main()
