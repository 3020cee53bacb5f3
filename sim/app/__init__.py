"""The web app: `grapevine app`. A face, like the command line; it works out no number itself.

Streamlit runs `page.py` anew for every click; what a tab is about lies in its session and nowhere else, so tabs do
not mix. Rooms, each importing only from those before it: `words`, `places`, `worker`, `work`, `town`; `draft`,
`life`; `session`; `forms`, `shown`; `ask`, `tactics`, `answer`, `watch`; `folders`; `page`. Runs happen in processes
of their own (`worker`), through `sim.compare` and `sim.simulate`. The command line starts the page by its file, it
does not import it.
"""
