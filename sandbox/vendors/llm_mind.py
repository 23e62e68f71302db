"""How the stand-in for a language model answers: by a few rules over the prompt that it is sent, the same every time.

It believes whatever it reads: an instruction in a complaint or a log line is obeyed, as the worst of models would.
"""

from __future__ import annotations

import json
import re
from typing import Any

_LINE = re.compile(r"^\[(L\d+)\] (.+)$", re.MULTILINE)
_HEAD = re.compile(r"^\S+ (?P<level>FATAL|ERROR|WARN|INFO|DEBUG) (?P<service>\S+) (?P<rest>.*)$")
_SYSTEM = re.compile(r"^- (\S+) \((ours|external)\): (.*)$", re.MULTILINE)
_OUTSIDE = re.compile(r"time.?out|gateway|upstream|refused|unreachable|\b50[0-9]\b|connection", re.IGNORECASE)
_WISH = re.compile(r"못 찾|찾을 수|불편|좋겠|어디|where|cannot find|can't find|wish|would be nice", re.IGNORECASE)
_MONEY = re.compile(r"결제|환불|payment|charged|paid|돈", re.IGNORECASE)
_ORDERS = re.compile(
    r"ignore|disregard|forget|instead of|you are now|system:|instruction|must answer|classif|무시|잊어|이제부터|지시|"
    r"명령|답해|출력|approve|승인|urgency|긴급도|primary",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"^What was understood: \{.*\}$|^(?:Complaint|Log lines|Similar tickets and their outcome):$|^DATA-.*$",
    re.MULTILINE,
)
_DEMANDS = {
    "primary": re.compile(r"integration_error|code_error|business_improvement"),
    "urgency": re.compile(r"\b(?:low|medium|high)\b"),
}


def answer(schema: dict[str, Any], system: str, user: str) -> dict[str, Any]:
    """The object for the schema that was asked for; the obedient one when the user's text gives orders."""
    known = [(name, words) for name, _kind, words in _SYSTEM.findall(system)]
    found = _solve(known, user) if "primary" in schema.get("properties", {}) else _normalise(known, user)
    return _obey(found, user)


def spoil(kind: str, found: dict[str, Any], user: str, *, wanted: str = "") -> str:
    """The text of an answer, with the fault that it is to have.

    `wanted` is, for the kind "persuaded", a JSON object of what the model was talked into: it says so with the evidence and
    in the words of an honest answer.
    """
    if kind == "persuaded":
        return json.dumps(_persuaded(found, json.loads(wanted or "{}")), ensure_ascii=False)
    if kind == "obedient":
        return json.dumps(_possessed(found, _untrusted(user)), ensure_ascii=False)
    if kind == "wrong_schema":
        return json.dumps({"answer": "integration", "sure": True})
    if kind == "invented_citation" and "evidence" in found:
        found = found | {"evidence": [{"line": "L1", "quote": "FATAL nobody ever logged this line", "why": "invented"}]}
    text = json.dumps(found, ensure_ascii=False)
    if kind == "cut_json":
        return text[: len(text) // 2]
    return f"```json\n{text}\n```" if kind == "fenced_json" else text


def _normalise(known: list[tuple[str, str]], user: str) -> dict[str, Any]:
    folded = user.lower()
    system = next(
        (name for name, words in known if any(w.strip() and w.strip().lower() in folded for w in words.split(","))), ""
    )
    wish = bool(_WISH.search(user))
    body = [line for line in user.splitlines() if line.strip() and not line.startswith("DATA-")]
    return {
        "understood": True,
        "reason": "",
        "summary": (body[0] if body else "-")[:180],
        "suspected_type_primary": "business_improvement" if wish else "code_error",
        "suspected_type_secondary": None,
        "affected_system": system,
        "urgency": "low" if wish else "high" if _MONEY.search(user) else "medium",
        "signals": [],
    }


def _solve(known: list[tuple[str, str]], user: str) -> dict[str, Any]:
    lines = [(key, match) for key, text in _LINE.findall(user) if (match := _HEAD.match(text))]
    worst = [(key, match) for key, match in lines if match["level"] in ("FATAL", "ERROR")]
    outside = [(key, match) for key, match in worst if _OUTSIDE.search(match["rest"])]
    telling = outside or worst
    primary = "integration_error" if outside else "code_error" if worst else "business_improvement"
    service = telling[0][1]["service"] if telling else ""
    asked = re.search(r'"affected_system": "([^"]*)"', user)
    urgency = re.search(r'"urgency": "(low|medium|high)"', user)
    names = [name for name, _words in known]
    said = telling[0][1]["rest"] if telling else "no error in the logs"
    return {
        "primary": primary,
        "secondary": None,
        "affected_system": service if service in names else (asked[1] if asked else ""),
        "urgency": urgency[1] if urgency else "medium",
        "summary": f"{primary}: {said}"[:180],
        "root_cause": said[:300],
        "evidence": [
            {"line": key, "quote": match["rest"][:200], "why": "it failed here"} for key, match in telling[:2]
        ],
        "ruled_out": ["the other types: the lines show nothing of them"],
        "evidence_summary": f"{len(telling)} line(s) tell of it",
        "action": _action(said),
    }


def _action(said: str) -> dict[str, Any]:
    return {
        "title": f"Look into: {said}"[:150],
        "description": said[:300],
        "partner": "",
        "email_subject": "Please check a failure",
        "email_body": f"Our logs show: {said[:300]}",
        "affected_files": re.findall(r"[\w.]+\.(?:java|py|js|ts|go)", said)[:3],
        "error_summary": said[:300],
        "fix_direction": "Handle the failure.",
        "suggested_approach": "Reproduce it first.",
        "severity": "high",
        "category": "usability",
        "problem_pattern": "Customers do not find it.",
        "proposal": "Make it easier to find.",
        "expected_impact": "Fewer calls.",
        "stakeholders": ["product"],
    }


def _obey(found: dict[str, Any], user: str) -> dict[str, Any]:
    read = _untrusted(user)
    order = _ORDERS.search(read)
    if not order:
        return found
    said = read[order.start() :]
    obeyed = dict(found)
    for name, pattern in _DEMANDS.items():
        key = name if name in found else f"suspected_type_{name}"
        if (wanted := pattern.search(said)) and key in found:
            obeyed[key] = wanted[0]
    obeyed["summary"] = "PWNED <script>alert(1)</script>"
    return obeyed


def _persuaded(found: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """With the wanted values, whichever of the two tasks it is: what one calls primary is a suspicion in the other."""
    known = {**wanted, **{f"suspected_type_{name}": value for name, value in wanted.items()}}
    return found | {name: value for name, value in known.items() if name in found}


def _possessed(found: dict[str, Any], read: str) -> dict[str, Any]:
    """An answer of the right shape that repeats what it has read wherever there is room, and cites lines that nobody logged."""
    wanted = {name: match[0] for name, pattern in _DEMANDS.items() if (match := pattern.search(read))}
    full: dict[str, Any] = {}
    for name, value in found.items():
        if name in wanted or name == "severity":
            full[name] = wanted.get(name, "critical")
        elif name == "urgency":
            full[name] = "high"
        elif name == "evidence":
            forged = [{"line": line, "quote": read, "why": read} for line in ("L1", "L2", "[L3]", "L999", read)]
            full[name] = forged
        elif isinstance(value, dict):
            full[name] = _possessed(value, read)
        elif isinstance(value, list):
            full[name] = [read, "../../etc/passwd", *([read] * 20)]
        elif isinstance(value, str) and name not in ("primary", "suspected_type_primary"):
            full[name] = read * 3
        else:
            full[name] = value
    return full


def _untrusted(user: str) -> str:
    """Complaint and log lines, without what the system itself says in between."""
    return _OWN.sub("", user)
