"""Turns a view model into a page. A template sees `view`, `csrf` and `asset`, and nothing else."""

from dataclasses import dataclass

from flask import Response, request
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from smart_app.assets import templates_dir
from smart_app.web.static_files import StaticFiles


def environment() -> Environment:
    """Templates that escape everything and stop at any name that is not there."""
    return Environment(
        loader=FileSystemLoader(templates_dir()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Renders pages."""

    environment: Environment
    static: StaticFiles

    def page(self, template: str, view: object, *, csrf: str = "", status: int = 200) -> Response:
        """The page of one view model."""
        text = self.environment.get_template(f"pages/{template}.html").render(view=view, csrf=csrf, asset=self._asset)
        return Response(text, status=status, mimetype="text/html")

    def _asset(self, name: str) -> str:
        return f"{request.root_path}{self.static.address(name)}"
