"""Charts as pictures, and the program that draws them in a page; imports `look`. Nothing is fetched from anywhere."""

from __future__ import annotations

import hashlib
import os
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sim.charts.look import VEGA_LITE, Theme, config
from sim.errors import InputError

_WIDTH = 720


def still(chart: dict[str, Any], theme: Theme = "light", width: int = _WIDTH) -> dict[str, Any]:
    """A chart of fixed width on the ground of a theme, for files."""
    look = config(theme, legend_columns=max(1, width // 170))
    look["background"] = {"light": "#FFFFFF", "dark": "#15191E"}[theme]
    return dict(chart) | {"width": width, "config": look, "padding": 16}


def save_chart(chart: dict[str, Any], path: str | Path, theme: Theme = "light", width: int = _WIDTH) -> Path:
    """Write a chart as PNG (of twice the size, for sharp screens) or SVG, by the ending of the path."""
    import vl_convert

    target = Path(path)
    spec = still(chart, theme, width)
    if target.suffix == ".png":
        target.write_bytes(vl_convert.vegalite_to_png(spec, vl_version=VEGA_LITE, scale=2))
    elif target.suffix == ".svg":
        target.write_text(vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE), encoding="utf-8", newline="\n")
    else:
        raise InputError("charts are saved as .png or .svg", file=target, found=target.suffix or "no ending")
    return target


def program() -> str:
    """The JavaScript that draws charts (Vega, Vega-Lite, vega-embed), from the installed package; about 900 kB.

    Putting it together takes seconds, so it is kept beside the compiler's cache, under a name that tells the version.
    """
    import vl_convert

    from sim._jit import CACHE_ROOT

    name = f"vega-{version('vl-convert-python')}-{VEGA_LITE}"
    kept = CACHE_ROOT / f"{name}.js"
    try:
        text = kept.read_text(encoding="utf-8")
        digest, _, body = text.partition("\n")
        if digest == "//" + hashlib.sha256(body.encode()).hexdigest():
            return body
    except (OSError, UnicodeDecodeError):
        pass
    bundle: Any = vl_convert.javascript_bundle  # its stub asks for an argument that it does not need
    body = str(bundle(vl_version=VEGA_LITE)).replace("\r\n", "\n")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=kept.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write("//" + hashlib.sha256(body.encode()).hexdigest() + "\n" + body)
        Path(temporary).replace(kept)
    except OSError:  # a folder that cannot be written to costs time, nothing else
        pass
    return body
