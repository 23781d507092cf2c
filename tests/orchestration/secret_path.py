"""What a day's work is, for test_planted_secrets.py: in a process of its own, with failures.

Every command that uses a secret, with all logs at DEBUG; then a job whose step fails with a token
at hand and in its error, a backup, and at last an error that nobody catches.
"""

import contextlib
import logging
import threading

import dagster as dg

from orchestration import cli, production
from orchestration.resources import build_resources
from orchestration.runs import dagster_instance
from orchestration.settings import load_settings
from resources.http import UpstreamError
from resources.slack_errors import SlackDeliveryError

COMMANDS = (
    ("backfill", "2024-12-16", "2024-12-16"),
    ("slack-test",),
    ("doctor",),
    ("outbox",),
)


def main() -> None:
    """Do all of it; ends with an error that holds a token."""
    logging.basicConfig(level=logging.DEBUG)
    for command in COMMANDS:
        print(f"{command}: {cli.main(command)}", flush=True)
    settings = load_settings()
    resources = build_resources(settings)
    token = settings.github_token.value

    @dg.op
    def careless(context: dg.OpExecutionContext) -> None:
        held = {name: secret.value for name, secret in settings.secrets.items()}
        context.log.error(f"asked with {held}")
        print("in the compute log", resources)
        try:
            raise ValueError(f"refused: {held}")
        except ValueError as error:
            raise RuntimeError(f"a cause, {held['hash_key']}") from error

    @dg.job(resource_defs=resources, executor_def=dg.in_process_executor)
    def careless_job() -> None:
        careless()

    with dagster_instance(settings) as instance:
        failed = careless_job.execute_in_process(instance=instance, raise_on_error=False)
    print(f"careless: {failed.success}")
    hub = resources["hub"].model_copy(update={"token": settings.hub_token.value})
    openalex = resources["openalex"].model_copy(update={"key": settings.openalex_key.value})
    uspto = resources["uspto"].model_copy(update={"key": settings.uspto_key.value})
    with contextlib.suppress(UpstreamError):
        hub.client(print).by_author("Qwen")
    for _ in range(3):
        with contextlib.suppress(UpstreamError):
            openalex.client(print).works(filters="type:article", search="qwen")
        with contextlib.suppress(UpstreamError):
            print(f"uspto: {len(uspto.client(print).files('PTGRXML'))} files")
    heartbeat = resources["heartbeat"].model_copy(update={"url": settings.heartbeat_url.value})
    try:
        heartbeat.client(print).beat()
    except UpstreamError as error:
        print(f"heartbeat: {error}")
    webhook = resources["slack"].model_copy(
        update={"token": "", "webhook_url": settings.slack_webhook_url.value}
    )
    for key in ("one", "two"):
        try:
            print(f"webhook: {webhook.client().post('text', [], key=key)}")
        except SlackDeliveryError as error:
            print(f"webhook: {error}")
    print(f"backup: {production.main(['backup'])}", flush=True)
    thread = threading.Thread(target=int, args=(token,))
    thread.start()
    thread.join()
    raise RuntimeError(f"nobody catches {token} of {settings}")


if __name__ == "__main__":
    main()
