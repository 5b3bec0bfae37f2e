"""A run as the body of a webhook: JSON for programs, or a message for Slack or Teams. Counts and words; no value of an extract.

What others wrote stays text. Slack's ``&``, ``<`` and ``>`` are escaped, without which there is no mention and no link
("Formatting message text" in Slack's documentation), and its texts are ``plain_text``; those of Teams are ``TextRun``s of an
Adaptive Card, in which no Markdown is read.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Literal

from dq_engine.model import Run
from dq_engine.notify import ENDED
from dq_engine.report import words
from dq_engine.report.entries import Entry, entries

VERSION = 1
MOST = 100
"""Problems that JSON tells of; what is more is counted."""
MOST_IN_MESSAGE = 8
LONGEST = 300
"""Characters of one line of a message; Slack takes 3,000 in a text, and Teams 28 KB in all."""


def render(run: Run, form: Literal["json", "slack", "teams"]) -> bytes:
    """The body, as UTF-8."""
    made = {"json": _json, "slack": _slack, "teams": _teams}[form](run)
    return json.dumps(made, ensure_ascii=True, separators=(",", ":")).encode()


def _json(run: Run) -> dict[str, Any]:
    problems = _problems(run)
    return {
        "event": "dq.check",
        "version": VERSION,
        "run": run.id,
        "started": run.started,
        "result": ENDED.get(run.exit_code, "error"),
        "exit_code": run.exit_code,
        "verdict": words.clean(run.verdict),
        "checks": _counts(run),
        "extracts": [{"name": extract.name, "feed": extract.feed, "rows": extract.rows} for extract in run.extracts],
        "problems": [
            {
                "extract": entry.about,
                "check": entry.key,
                "result": entry.mark,
                "severity": entry.severity,
                "decides": entry.held,
                "rule": entry.title,
                "found": _found(entry),
            }
            for entry in problems[:MOST]
        ],
        "problems_left_out": max(0, len(problems) - MOST),
    }


def _slack(run: Run) -> dict[str, Any]:
    head, *lines = map(_escaped, _lines(run))
    texts = [{"type": "plain_text", "text": line, "emoji": False} for line in (head, *lines)]
    return {
        "text": head,
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [{"type": "section", "text": text} for text in texts],
    }


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _teams(run: Run) -> dict[str, Any]:
    blocks = [
        {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": line, **({} if place else {"weight": "Bolder"})}]}
        for place, line in enumerate(_lines(run))
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _lines(run: Run) -> list[str]:
    """What people read, a line each: the verdict, what is wrong, and which run it is."""
    problems = _problems(run)
    told = [": ".join(filter(None, (e.about, e.mark, e.title, _found(e)))) for e in problems[:MOST_IN_MESSAGE]]
    left = len(problems) - MOST_IN_MESSAGE
    more = [f"and {left:,} more"] if left > 0 else []
    counts = ", ".join(f"{count:,} {name}" for name, count in _counts(run).items() if count)
    lines = [f"dq: {words.clean(run.verdict)}", *told, *more, f"run {run.id}; checks: {counts or 'none'}"]
    return [line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…" for line in lines]


def _problems(run: Run) -> list[Entry]:
    """What did not pass and nobody accepted, first that to which the exit code is due."""
    return sorted((e for e in entries(run) if e.held or e.mark in ("fail", "error")), key=lambda e: not e.held)


def _found(entry: Entry) -> str:
    return entry.found if entry.outcome is None else words.in_counts(entry.outcome)


def _counts(run: Run) -> dict[str, int]:
    counts = Counter(words.mark(outcome) for outcome in run.outcomes)
    return {mark: counts[mark] for mark in words.ORDER}
