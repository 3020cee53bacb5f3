"""The screen "open results": any folder of comparisons, sweeps, runs or studies under the chosen one; only looked at.

Imports `answer`, `ground`, `session`, `shown`, experiment.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from sim.app import answer, ground, session, shown
from sim.app.places import read_object
from sim.app.session import limits, say
from sim.errors import InputError
from sim.experiment import Results

_MOST_ROWS = 500
#: names of files that make a folder worth looking into
_SIGNS = ("*.parquet", "posterior.json", "calibration.json", "verdict.json", "manifest.json")


def show() -> None:
    """Choose a folder, see what it holds."""
    st.caption(say("folders_about", folder=f"`{limits().folder.name}/`"))
    found = _folders()
    if not found:
        st.info(say("no_folders"))
        return
    name = st.selectbox(
        say("folder"), list(found), key="results_folder", format_func=lambda one: f"{one} · {_kind(found[one])}"
    )
    try:
        folder = limits().inside(found[name])
        _show(folder)
    except InputError as error:
        shown.refuse(error)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:  # a damaged or a crafted folder
        shown.refuse(say("unreadable", error=f"{type(error).__name__}: {error}"))


def _folders() -> dict[str, Path]:
    """Folders with results first, the newest on top, then any other with tables or a study's files."""
    found = limits().result_folders()
    for pattern in _SIGNS:
        for depth in ("*", "*/*", "*/*/*"):
            for path in sorted(limits().folder.glob(f"{depth}/{pattern}")):
                name = path.parent.relative_to(limits().folder)
                if not any(part.startswith((".", "parts")) for part in name.parts):
                    found.setdefault(name.as_posix(), path.parent)
    return found


def _kind(folder: Path) -> str:
    manifest = read_object(folder / "manifest.json")
    design = manifest.get("design")
    if (folder / "calibration.json").exists() or (folder / "posterior.json").exists():
        return say("kind_calibration")
    if isinstance(design, dict):
        return say("kind_sweep", n=design.get("points", "?"))
    if (folder / "events.parquet").exists():
        return say("kind_watch")
    return say("kind_compare") if "strategies" in manifest else say("kind_other")


def _show(folder: Path) -> None:
    from sim.report.page import require_own_files

    require_own_files(folder)
    manifest = read_object(folder / "manifest.json")
    ground.calibration(folder)
    if manifest:
        results = Results.open(folder)
        if not results.is_writable:
            st.warning(say("outdated", n=manifest.get("results_version")))
        elif manifest.get("finished") is None:
            st.warning(say("unfinished"))
            answer.resume(folder)
    if (folder / "verdict.json").exists() and manifest:
        st.button(
            say("show_answer"),
            icon=":material/insights:",
            key="show_answer",
            on_click=_go,
            args=(folder,),
            type="primary",
        )
    if (folder / "verdicts.parquet").exists():
        st.markdown(f"**{say('points')}**")
        st.dataframe(pd.read_parquet(folder / "verdicts.parquet"), hide_index=True)
    ground.answers(folder)
    _tables(folder)
    _pictures(folder)


def _go(folder: Path) -> None:
    st.session_state.folder = folder
    session.go("answer")


def _tables(folder: Path) -> None:
    import pyarrow.parquet as pq

    tables = sorted(path for path in folder.glob("*.parquet"))
    texts = sorted(path for path in folder.iterdir() if path.suffix in (".csv", ".json", ".yaml", ".md"))
    if not tables and not texts:
        return
    path = st.selectbox(say("tables"), [*tables, *texts], key="table", format_func=lambda one: one.name)
    if path.suffix == ".parquet":
        with pq.ParquetFile(path) as file:
            n = file.metadata.num_rows
            batch = next(file.iter_batches(_MOST_ROWS), None)
        if batch is not None:
            st.dataframe(batch.to_pandas(), hide_index=True)
        st.caption(say("rows", n=f"{n:,}", shown=min(n, _MOST_ROWS)))
    elif path.suffix == ".csv":
        st.dataframe(pd.read_csv(path, nrows=_MOST_ROWS), hide_index=True)
    else:
        text = path.read_text(encoding="utf-8", errors="replace")[:200_000]
        st.code(text, language={".json": "json", ".yaml": "yaml"}.get(path.suffix), height=420)


def _pictures(folder: Path) -> None:
    found = sorted((folder / "figures").glob("*.png"))
    if found:
        with st.expander(say("pictures")):
            for path in found:
                st.image(str(path))
