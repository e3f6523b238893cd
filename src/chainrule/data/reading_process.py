"""The process that decodes pictures for another: see `chainrule.data.readers`.

It is told the settings in a first line of JSON, then blocks of paths, one a line. To each block it answers a line
of JSON, null or a reason for each path, and the rows one after the other. It imports no NumPy, to be ready soon.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from typing import IO

from chainrule.data.decode import PictureError, decode, quiet_decoders
from chainrule.data.settings import PictureSettings


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer requests until there are no more."""
    settings = PictureSettings.from_dict(json.loads(requests.readline()))
    nothing = bytes(settings.features)
    with quiet_decoders():
        for line in iter(requests.readline, b""):
            reasons: list[tuple[str, bool] | None] = []
            rows: list[bytes] = []
            for path in json.loads(line):
                try:
                    rows.append(decode(path, settings))
                    reasons.append(None)
                except PictureError as error:
                    rows.append(nothing)
                    reasons.append((error.reason, error.is_picture))
            answers.write(json.dumps(reasons).encode() + b"\n")
            answers.write(b"".join(rows))
            answers.flush()


def main() -> None:
    """Serve on standard input and output."""
    # Ctrl-C goes to the whole group; the parent says when to end, by closing the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(BrokenPipeError), os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # whatever a decoder prints must not get between the rows
        serve(sys.stdin.buffer, answers)
    # There is nothing to tidy up, and somebody waits for the end.
    os._exit(0)


if __name__ == "__main__":
    main()
