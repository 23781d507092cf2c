"""Runs a Dagster service as its own module does, with secrets kept out of its texts.

`python -m orchestration.service_main MODULE ARGUMENTS` is `python -m MODULE ARGUMENTS` in whose
errors and logs no secret of the settings shows, and whose UI answers its own pages alone.
"""

import runpy
import sys

from orchestration.settings import load_settings

WEBSERVER = "dagster_webserver"


def main() -> None:
    """Run the module that the command names, as this process's program.

    Raises:
        SettingsError: a setting is not valid any more.
    """
    load_settings()  # from here on no text of this process shows its secrets
    _, module, *arguments = sys.argv
    if module == WEBSERVER:
        from orchestration.same_site import guard  # a service without it loads none

        guard()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
