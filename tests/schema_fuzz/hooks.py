"""How the generated requests sign in, and which applications they speak of.

Read by schemathesis; the environment names the address and the accounts (tests/schema-fuzz.sh).
"""

import datetime
import itertools
import json
import os
import time
import urllib.error
import urllib.request
import uuid

import schemathesis

BASE = os.environ["SCHEMA_FUZZ_BASE"]
LOGIN = os.environ["SCHEMA_FUZZ_LOGIN"]
LEAVER = os.environ.get("SCHEMA_FUZZ_LEAVER", "leaver")
PASSWORD = os.environ["SCHEMA_FUZZ_PASSWORD"]


def ask(method, path, token=None, body=None):
    request = urllib.request.Request(BASE + path, method=method)
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    data = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(request, data, timeout=30) as response:
        return json.load(response)


def sign_in(login=LOGIN):
    for _ in range(10):
        try:
            return ask("POST", "/v1/sessions", body={"login": login, "password": PASSWORD})["token"]
        except urllib.error.HTTPError as refused:
            # Generated sign-ins have been refused as too many: as long as it says.
            if refused.code != 429:
                raise
            time.sleep(min(int(refused.headers["Retry-After"]), 60))
    raise RuntimeError("nobody is let in any more")


class Bearer:
    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.auth(refresh_interval=3600).apply_to(method=["GET", "POST"])
@schemathesis.auth(refresh_interval=3600).apply_to(path_regex="^/v1/applications/")
class OneSession(Bearer):
    """Most requests share a session."""

    def get(self, case, context):
        return sign_in()


@schemathesis.auth(refresh_interval=None).apply_to(method="DELETE")
class SessionToBeEnded(Bearer):
    """What ends a session has one of its own: of another account, because one path ends them all."""

    def get(self, case, context):
        return sign_in(LEAVER)


@schemathesis.auth(refresh_interval=3600).apply_to(path_regex="/password$")
class WhoeverMayBeKeptOut(Bearer):
    """A wrong present password counts as a failed attempt."""

    def get(self, case, context):
        return sign_in("changer")


def known_applications():
    try:
        found = ask("GET", "/v1/feed?limit=5000", sign_in())["changes"]
        return {one["id"]: one for one in found if one["status"] == "sent"}
    except urllib.error.HTTPError:
        return {}


KNOWN = known_applications()
NAMES = itertools.cycle(KNOWN)
TURN = itertools.cycle([True, False])
ADAPT = itertools.cycle([True, True, False])
DOCTOR = {"full_name": "Петров П. П.", "position": "врач"}
# What each kind of application may be answered, with the fields that the decision asks for.
ANSWERS = {
    "choice": [
        {"decision": "provide", "district": "12", "doctor": DOCTOR},
        {"decision": "refuse", "refusal_reason": "Не та территория"},
    ],
    "cancellation": [{"decision": "approve_cancel"}, {"decision": "fail_cancel"}],
    "detachment": [{"decision": "detach", "answer_date": datetime.date.today().isoformat()}],
}


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Every other identifier that could be one is that of an application which is there."""
    try:
        uuid.UUID(str(path_parameters["id"]))
    except (KeyError, TypeError, ValueError):
        return path_parameters
    if KNOWN and next(TURN):
        path_parameters["id"] = next(NAMES)
    return path_parameters


@schemathesis.hook
def map_case(context, case):
    """Every other valid answer suits the application for which it is."""
    application = KNOWN.get((case.path_parameters or {}).get("id"))
    is_valid = case.meta is not None and case.meta.generation.mode.is_positive
    if application and is_valid and isinstance(case.body, dict) and "decision" in case.body and next(ADAPT):
        choices = ANSWERS[application["type"]]
        case.body.update(choices[len(case.body) % len(choices)])
        case.body["comment"] += "."
        case.body["answered_at"] = datetime.datetime.now(datetime.timezone.utc).isoformat()
    return case
