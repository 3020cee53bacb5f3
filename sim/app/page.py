"""The page that Streamlit runs anew for every click: language, screens; imports every room of the app."""

from __future__ import annotations

import numpy as np
import streamlit as st
from PIL import Image

from sim.app import answer, ask, folders, session, shown, tactics, watch
from sim.app.session import office, say

_SCREENS = ("ask", "tactics", "answer", "watch", "folders")
_STYLE = """
<style>
  .stApp [data-testid="stMainBlockContainer"] { padding-top: 4.2rem; max-width: 1180px; }
  .stApp h1 { font-size: 1.9rem; padding: 0; }
  .stApp h4 { font-size: 1.12rem; line-height: 1.5; font-weight: 500; }
  @media (max-width: 640px) {
    .stApp [data-testid="stMainBlockContainer"] { padding: 3.8rem .9rem 4rem; }
    .stApp h1 { font-size: 1.45rem; }
  }
</style>
"""


def _icon() -> Image.Image:
    """Three grapes: drawn here, because named icons of tabs are fetched from the web."""
    y, x = np.mgrid[0:32, 0:32]
    picture = np.zeros((32, 32, 4), dtype=np.uint8)
    for cx, cy in ((10, 11), (22, 11), (16, 21)):
        picture[(x - cx) ** 2 + (y - cy) ** 2 < 49] = (126, 86, 194, 255)
    return Image.fromarray(picture)


def page() -> None:
    """All of it."""
    st.set_page_config("Grapevine", _icon(), layout="wide", menu_items={"about": "Grapevine"})
    st.html(_STYLE)
    head, language = st.columns([4, 1], vertical_alignment="center")
    with language:
        session.lang()
        st.segmented_control(
            say("language"), ("en", "zh"), key="lang", label_visibility="collapsed", required=True,
            format_func=lambda one: {"en": "English", "zh": "中文"}[one],
        )  # fmt: skip
    with head:
        st.title(say("title"))
        st.caption(say("tagline"))
    st.session_state.setdefault("screen", "ask")
    st.segmented_control(
        say("screens"), _SCREENS, key="screen", format_func=say, label_visibility="collapsed", required=True, wrap=True
    )
    if session.job() is None or session.job().is_over:  # type: ignore[union-attr]
        office().prepare()
    now = st.session_state.screen
    if now in ("ask", "tactics"):
        {"ask": ask.show, "tactics": tactics.show}[now]()
        st.subheader(say("check"), anchor=False)
        shown.check()
    else:
        {"answer": answer.show, "watch": watch.show, "folders": folders.show}[now]()
    st.caption(say("not_a_forecast"))
    session.preload()


if __name__ == "__main__":
    page()
