"""Phase 10, mood and fatigue at the end of the day; imports `_jit`, records, reach."""

from __future__ import annotations

from sim._jit import rule
from sim.params import Params
from sim.rules.reach import HARDEST
from sim.rules.records import State


@rule
def next_mood(params: Params, state: State) -> float:
    """Mood after today, eq. 16: kept part + contagion from messages seen + experience, within [-1, 1]."""
    seen = state.valence / max(state.seen, 1) - state.mood
    mood = params.mood_keep * state.mood + params.mood_s * state.joy + (params.k_e * seen if state.seen > 0 else 0.0)
    return min(max(mood, -1.0), 1.0)


@rule
def next_fatigue(params: Params, state: State) -> float:
    """Contact fatigue after today, eq. 16: kept part + pushes + fat_ask per personal message received."""
    return params.fat_keep * state.fatigue + params.fat_ask * state.heard + state.pushes


@rule
def next_satisfaction(params: Params, satisfaction: float, experience: float) -> float:
    """Satisfaction after an order, eq. 10: exponential mean of experiences."""
    return params.s_keep * satisfaction + (1.0 - params.s_keep) * experience


@rule
def next_wary(params: Params, satisfaction: float, trust: float, known: float) -> float:
    """Satisfaction after a day on which so much showed that the shop knows her, eq. 2d: drawn towards a bad one's.

    Most for who trusts least; who is less satisfied than that already is not drawn up.
    """
    drawn = min(params.c_priv * known * (HARDEST - trust), 1.0)
    return satisfaction + drawn * min(params.s_bad - satisfaction, 0.0)


@rule
def joy(experience: float) -> float:
    """The part of an experience that touches mood, eq. 16: clipped to [-1, 1]."""
    return min(max(experience, -1.0), 1.0)
