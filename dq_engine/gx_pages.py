"""Great Expectations' own renderers, with what they lack: what dq found, a third state beside right and wrong, and safe text.

Needs the extra ``gx``: this module imports it, and only :mod:`dq_engine.gx_docs` imports this module.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from typing import Any

from great_expectations.expectations.expectation import Expectation
from great_expectations.render import RenderedStringTemplateContent
from great_expectations.render.renderer.content_block import ValidationResultsTableContentBlockRenderer
from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
from great_expectations.render.view import DefaultJinjaPageView

COLUMN = "Found by dq"
"""The heading of the column that is ours in the tables of results."""


class ExpectRuleToBeKept(Expectation):  # type: ignore[misc]
    """A rule in words, for what Great Expectations would not take: another version's type, or arguments that it refuses."""

    column: Any = None
    domain_keys = ("batch_id",)

    def _validate(self, *arguments: Any, **options: Any) -> None:
        raise NotImplementedError("the rule is evaluated by dq, not by Great Expectations")


class Rows(ValidationResultsTableContentBlockRenderer):  # type: ignore[misc]
    """The table of results, with a column for what dq found; a check that had nothing to judge has a mark of its own."""

    @classmethod
    def _process_content_block(cls, content_block: Any, has_failed_evr: Any, render_object: Any = None) -> None:
        super()._process_content_block(content_block, has_failed_evr, render_object)
        content_block.header_row.append(COLUMN)

    @classmethod
    def _get_content_block_fn(cls, expectation_type: str, expectation_config: Any = None) -> Callable[..., Any]:
        theirs = super()._get_content_block_fn(expectation_type, expectation_config)

        def row(result: Any, **options: Any) -> Any:
            [cells] = theirs(result=result, **options)
            if result.meta["dq"]["status"] == "vacuous":
                cells[0], cells[2] = _mark("fas", "fa-minus-circle", "text-secondary"), "--"  # for "NaN% not null"
            cells.append(_text("\n".join(result.meta["dq"]["found"])))
            return [cells]

        return row


class ResultsPage(ValidationResultsPageRenderer):  # type: ignore[misc]
    """The page of a validation result; its statistics also say how dq counts, which knows more than right and wrong."""

    def __init__(self) -> None:
        rows = {"module_name": __name__, "class_name": Rows.__name__}
        super().__init__({"class_name": "ValidationResultsColumnSectionRenderer", "table_renderer": rows}, run_info_at_end=True)

    @classmethod
    def _render_validation_statistics(cls, validation_results: Any) -> Any:
        table = super()._render_validation_statistics(validation_results)
        table.table += [[_text(word), _text(said)] for word, said in validation_results.meta["dq"].items()]
        return table


class Page(DefaultJinjaPageView):  # type: ignore[misc]
    """A page as HTML. Great Expectations escapes the parameters of its templates and nothing else; here the rest is escaped."""

    def render(self, document: Any, template: str | None = None, **options: Any) -> str:
        """The HTML of a rendered document; ``options`` are what Great Expectations' templates ask for beside it."""
        self._validate_document(document)
        return str(self._get_template(template or self._template).render(escaped(document.to_json_dict()), **options))


class IndexPage(Page):
    """The first page of a site."""

    _template = "index_page.j2"


def escaped(node: Any, place: str = "") -> Any:
    """A rendered document whose texts are safe in HTML, wherever the templates put them.

    ``place`` is the key under which the node stands. The parameters of a template are left to the view, which escapes those that
    are texts, and Markdown to its renderer; a graph is JSON inside of a script.
    """
    if place == "graph":
        return (node if isinstance(node, str) else json.dumps(node)).replace("<", "\\u003c")
    if isinstance(node, dict):
        safe = {html.escape(str(key)): escaped(value, str(key)) for key, value in node.items()}
        if "template" in node and "params" in node:
            safe["params"] = {name: _parameter(value) for name, value in node["params"].items()}
        return safe
    if isinstance(node, list | tuple):
        return [escaped(value) for value in node]
    if isinstance(node, str) and place != "markdown":
        return html.escape(html.unescape(node) if place == "template" else node)  # headings are escaped already
    return node


def _parameter(value: Any) -> Any:
    return value if isinstance(value, str | int | float | None) else str(value)


def _text(text: str) -> Any:
    return RenderedStringTemplateContent(content_block_type="string_template", string_template={"template": html.escape(text)})


def _mark(*classes: str) -> Any:
    styling = {"params": {"icon": {"classes": list(classes), "tag": "i"}}}
    return RenderedStringTemplateContent(
        content_block_type="string_template",
        string_template={"template": "$icon", "params": {"icon": "", "markdown_status_icon": "➖"}, "styling": styling},
    )
