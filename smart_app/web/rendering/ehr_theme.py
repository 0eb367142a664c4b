"""An EHR's style on Rapport's pages: custom properties, each only where what is read on it or beside it keeps its contrast (WCAG 2.2, 1.4.3
and 1.4.11). A colour that fits the light pages is used there, one that fits the dark ones there; what fits neither is not used."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor

from msgspec import Struct

from smart_app.launch.context.launch_context import LaunchContext
from smart_app.launch.context.smart_style import Rgb, Style, Styles
from smart_app.launch.discovery.allowed_hosts import allowed_address
from smart_app.registration import Registration
from smart_app.telemetry import new_log

_TEXT, _GRAPHIC = 4.5, 3.0
_PIXELS_OF_REM = 16
# The tokens of static/parts/base.css that a style can meet.
PALETTES: Mapping[str, Mapping[str, str]] = {
    "light": {
        "page": "#fff", "wash": "#f2f5f8", "band": "#e4eef5", "notice-bg": "#fff3d1", "ink": "#16212b",
        "ink2": "#4b5a68", "action": "#0b4f8a", "on-action": "#fff", "patient": "#005a8c", "clinician": "#8f4700", "measure": "#34495c",
        "control": "#66747f", "error": "#a3211b",
    },
    "dark": {
        "page": "#12191f", "wash": "#1a242d", "band": "#1c3140", "notice-bg": "#33290c", "ink": "#e8edf2",
        "ink2": "#a9b6c2", "action": "#8ec5f5", "on-action": "#12191f", "patient": "#6cbcf0", "clinician": "#f0ac5f", "measure": "#b9c6d2",
        "control": "#7f8d99", "error": "#ff9d94",
    },
}  # fmt: skip
_ON_PAGE = ("ink", "ink2", "action", "patient", "clinician", "measure", "error")
_TOKENS = {"color_background": "page", "color_text": "ink", "color_highlight": "action", "color_error": "error"}
# What each is read against, besides the page.
_BESIDE = {"ink": ("wash", "band", "notice-bg"), "action": ("wash", "on-action"), "error": ()}


class Theme(Struct, frozen=True, kw_only=True):
    """`css` is a whole style sheet made of our own words and numbers. `ignored` names the colours that would be too hard to read."""

    css: str
    ignored: tuple[str, ...]


def theme_of(style: Style) -> Theme:
    """The theme of a style."""
    schemes = {name: dict(_fitting(style, {token: _rgb(text) for token, text in palette.items()})) for name, palette in PALETTES.items()}
    rules = [_scheme(name, found) for name, found in schemes.items() if found]
    properties = dict(_plain(style))
    if properties:
        rules.append(_root(properties))
    used = {token for found in schemes.values() for token in found}
    return Theme(css="\n".join(rules), ignored=tuple(name for name in style.colours if _TOKENS[name] not in used))


class Themes(Struct, frozen=True, kw_only=True):
    """The theme of each launch whose EHR has a style."""

    styles: Styles[Theme]
    registration: Registration
    pool: Executor

    def of(self, context: LaunchContext) -> Theme | None:
        """The launch's theme; None where there is none, or not yet: no page waits for it."""
        address = context.arrived.style_url
        issuer = self.registration.find(context.iss) if address else None
        if address is None or issuer is None or allowed_address(issuer, address) is None:
            return None
        return self.styles.of(address, self.pool)


def made_theme(style: Style) -> Theme:
    """The theme of a style; what could not be used is logged by name."""
    theme = theme_of(style)
    for name in theme.ignored:
        new_log().warning("style_value_ignored", reason_code=f"{name}.contrast")
    return theme


def contrast(one: Rgb, other: Rgb) -> float:
    """The contrast ratio of WCAG 2.2, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Rgb) -> float:
    """Relative luminance (WCAG 2.2, with the corrected threshold of IEC 61966-2-1)."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (each / 255 for each in colour))  # noqa: PLR2004
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _fitting(style: Style, palette: dict[str, Rgb]) -> Iterator[tuple[str, Rgb]]:
    """The colours that can be used with this palette, by token; the page first, as the others stand on it."""
    page = style.colours.get("color_background")
    if page is not None and _carries(page, palette):
        palette["page"] = page
        yield "page", page
    for name, part in _TOKENS.items():
        colour = style.colours.get(name)
        if colour is not None and part in _BESIDE and all(contrast(colour, palette[other]) >= _TEXT for other in ("page", *_BESIDE[part])):
            yield part, colour


def _carries(page: Rgb, palette: Mapping[str, Rgb]) -> bool:
    """Whether everything of ours can be read on it."""
    return all(contrast(page, palette[token]) >= _TEXT for token in _ON_PAGE) and contrast(page, palette["control"]) >= _GRAPHIC


def _scheme(name: str, colours: Mapping[str, Rgb]) -> str:
    """On screen only, and never against colours the user has forced."""
    rule = _root({token: "#{:02x}{:02x}{:02x}".format(*colour) for token, colour in colours.items()})
    return f"@media screen and (prefers-color-scheme: {name}) and (forced-colors: none) {{ {rule} }}"


def _plain(style: Style) -> Iterator[tuple[str, str]]:
    """Type and corners. Type in rem, so that it follows the reader's own setting."""
    size, radius = style.lengths.get("dim_font_size"), style.lengths.get("dim_border_radius")
    if size is not None:
        yield "text", f"{size / _PIXELS_OF_REM:f}rem"
    if radius is not None:
        yield "radius", f"{radius:f}px"
    for name, token in (("font_family_body", "font"), ("font_family_heading", "heading-font")):
        if name in style.fonts:
            yield token, style.fonts[name]


def _root(properties: Mapping[str, str]) -> str:
    return f":root {{ {' '.join(f'--{name}: {value};' for name, value in properties.items())} }}"


def _rgb(text: str) -> Rgb:
    digits = text.removeprefix("#")
    red, green, blue = bytes.fromhex(digits if len(digits) > 3 else "".join(digit * 2 for digit in digits))  # noqa: PLR2004 - the short form
    return red, green, blue
