"""``python -m railyard``: the ``railyard`` command line."""

import signal
from functools import partial

_interrupted = signal.getsignal(signal.SIGINT)
if _interrupted is signal.default_int_handler:
    # The imports take a second: a Ctrl-C meanwhile ends the process without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from railyard.application import application  # noqa: E402 - see above
from railyard.shared.broken_pipe import run  # noqa: E402 - see above

signal.signal(signal.SIGINT, _interrupted)
run(partial(application, prog_name="railyard"))
