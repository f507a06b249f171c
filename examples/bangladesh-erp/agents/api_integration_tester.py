"""The agent api-integration-tester: calls a portal, again after an outage, and checks what it answers.

usage: api_integration_tester.py bkash|nagad|nbr [--at HOST:PORT] [--json]

Without --at it starts a stand-in of the portal on this machine, which has the outages of data/portals.json.
"""

import argparse
import json
import time
from contextlib import nullcontext
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from contract import check_contract
from findings import Finding, as_output
from report import Reply
from stand_in import stand_in

PORTALS = Path("data/portals.json")
FIRST_WAIT_S = 0.05  # doubled after each outage
SCORES = {"healthy": 1.0, "recovered": 0.9, "degraded": 0.5, "down": 0.0}


def call(address, request, patience):
    """Makes one call and returns what came of it: a status, `timeout` or `unreachable`; the answer; the milliseconds."""
    connection = HTTPConnection(*address, timeout=patience)
    begun = time.perf_counter()
    answer = None
    try:
        body = json.dumps(request["body"]) if "body" in request else None
        connection.request(request["method"], request["path"], body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        came, text = response.status, response.read()
        answer = json.loads(text) if came == 200 else None
    except TimeoutError:
        came = "timeout"
    except (OSError, HTTPException, ValueError):
        came = "unreachable"
    finally:
        connection.close()
    return came, answer, round((time.perf_counter() - begun) * 1000, 1)


def try_until_answered(address, portal):
    """Calls until there is an answer or patience is at its end."""
    calls, answer = [], None
    for attempt, patience in enumerate(portal["patience_s"]):
        came, answer, latency = call(address, portal["request"], patience)
        calls.append({"came": came, "latency_ms": latency})
        if answer is not None:
            break
        if attempt + 1 < len(portal["patience_s"]):
            time.sleep(FIRST_WAIT_S * 2**attempt)
    return calls, answer


def reply_of(name, portal, calls, answer):
    """Judges what came back."""
    outages = [row["came"] for row in calls if row["came"] != 200]
    findings = [Finding("API-OUTAGE", name, f"answered {' and '.join(map(str, outages))}")] if outages else []
    broken = list(check_contract(portal["contract"], answer)) if answer is not None else []
    match (answer, broken, outages):
        case (None, _, _):
            health = "down"
        case (_, [_, *_], _):
            health = "degraded"
        case (_, _, []):
            health = "healthy"
        case _:
            health = "recovered"
    findings += broken
    tried = f"{len(calls)} call{'s' * (len(calls) > 1)}, the last took {calls[-1]['latency_ms']} ms"
    return Reply(
        summary=f"{name}: {health} ({tried})",
        details=[str(finding) for finding in findings],
        output={"portal": name, "health": health, "calls": calls, **as_output(findings)},
        score=SCORES[health],
        metrics={"tool_calls": len(calls), "errors": len(outages), "latency_ms": calls[-1]["latency_ms"]},
    )


def main():
    portals = json.loads(PORTALS.read_text(encoding="utf-8"))
    parser = argparse.ArgumentParser()
    parser.add_argument("portal", choices=sorted(portals))
    parser.add_argument("--at", metavar="HOST:PORT", default="")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    portal = portals[arguments.portal]
    host, _, port = arguments.at.rpartition(":")
    with nullcontext((host, int(port))) if arguments.at else stand_in(portal["stand_in"]) as address:
        calls, answer = try_until_answered(address, portal)
    reply_of(arguments.portal, portal, calls, answer).hand_over(arguments.json)


if __name__ == "__main__":
    main()
