"""Mistakes that tests must see: a flipped sign, a day too many, a wrong bound, one at a time, in every rule.

`make mutants` copies the sources into a temporary folder, makes one mistake after the other there and runs the tests
named beside it (V: what theory says exactly; F: what was found in the field), with the compiler off. A mistake that
they do not see is shown to all V and F tests, compiled. If it survives, a test is missing. What saw which is written
to docs/mutants.md. A new rule needs mistakes here (tests/test_mutants.py says which are missing).
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "mutants.md"
NOBODY = "**nobody**"  # in the table: no test saw it
ENDLESS = "a test that did not end"
COPIED = ("sim", "scenarios", "tests", "benchmarks", "docs", "pyproject.toml")
SECONDS = 300  # a mistake after which a test does not end is seen too
#: All tests of theory and of facts, for what the named tests do not see.
ALL_TESTS = (
    *(f"tests/test_equations_{subject}.py" for subject in ("life", "orders", "slots", "talk", "teams", "shop")),
    "tests/test_theory.py", "tests/test_labs.py", "tests/test_adoption.py",
)  # fmt: skip

OF_LIFE, OF_ORDERS, OF_SLOTS, OF_TALK, OF_TEAMS, OF_SHOP = (f"{file}::test_" for file in ALL_TESTS[:6])
PUSHED = OF_SHOP + "pushes_bring_people_tire_them_and_remind_the_inert"
SWITCHED = OF_SHOP + "pushes_are_switched_off_by_the_tired_first[0.2]"
OF_RULES = "tests/test_rules_shop.py::test_"
FEELING = OF_RULES + "an_emotional_message_moves_mood_by_reactivity_within_bounds"
STEPPED = OF_RULES + "what_a_contact_adds_is_kept_in_steps"
PLACE = OF_RULES + "a_session_is_for_who_watches_and_notes_for_who_reads"
REWARDED = OF_SHOP + "rewards_make_people_review_and_share_the_price_sensitive_most"
MAIL = OF_LIFE + "who_is_written_to_comes_more_often_and_tires"
LIFE = OF_LIFE + "what_one_bought_decides_what_comes_next"
BACK = OF_LIFE + "who_left_comes_back_the_sooner_the_more_she_bought[fading]"
STEADY = OF_LIFE + "who_left_comes_back_the_sooner_the_more_she_bought[steady]"
FADED = OF_LIFE + "losses_are_forgotten_from_one_to_the_next"
FRIENDS = OF_LIFE + "friends_who_leave_take_others_with_them"
ARRIVE = OF_LIFE + "prospects_come_by_themselves_and_through_posts"
REACH = OF_LIFE + "friends_are_reached_and_accept_as_often_as_they_should"
ORDERS = OF_ORDERS + "orders_are_judged_reviewed_sent_back_and_shared"
LUCK = OF_ORDERS + "luck_and_failure_make_the_stars"
UNLOCK = OF_ORDERS + "who_shares_for_a_coupon"
CHOICE = OF_ORDERS + "what_is_liked_is_bought"
SLOTS = OF_SLOTS + "slots_go_to_sources_by_weight_and_to_products_by_score"
BLURRED = SLOTS + "[blurred]"
SHARP = SLOTS + "[sharp]"
LOOK = OF_SLOTS + "a_look_is_as_sharp_as_its_error"
SLOT_OBJECTS = SLOTS + "[objects]"  # the columnar driver takes these steps in its own loop
TALK = OF_TALK + "what_friends_say_is_remembered_and_fades"
EIGHT = OF_TALK + "the_strongest_eight_are_remembered_and_shown_by_strength"
WEEK = OF_TALK + "a_recommendation_is_a_cause_for_a_week"
ONE_BY_ONE = OF_TALK + "friends_products_fill_slots_one_by_one"
FOUND = OF_TEAMS + "who_founds_a_team"
JOIN = OF_TEAMS + "who_joins_a_team"
STRANGERS = OF_TEAMS + "open_teams_of_strangers_are_three_at_most_and_nobody_is_favoured"
OF_BARGAINS = "tests/test_bargain.py::test_"
STARTS = OF_BARGAINS + "who_starts_a_bargain"
BRINGS = OF_BARGAINS + "bargains_bring_people_who_would_not_buy"
CHEAPER = OF_BARGAINS + "a_bargain_starts_from_the_list_price"
UNSURE = OF_BARGAINS + "a_random_cut_makes_people_ask_more_friends"
HELPS = OF_BARGAINS + "who_helps"
WON = OF_BARGAINS + "how_often_a_bargain_is_won[True-3-1]"
NEWCOMER = OF_BARGAINS + "helping_brings_prospects_and_being_asked_does_not"
THRESHOLD = "tests/test_adoption.py::test_in_a_directed_graph_only_who_is_heard_counts"
LISTS = "tests/test_recommenders.py::test_slots_show_every_place_alike_and_pass_over_what_is_not_sold"
KNOWN = "tests/test_recommenders.py::test_who_minds_being_known_by_hand"
#: A draw is uniform, so a flipped sign of what it adds is another draw: only the formula's own test tells them apart.
DRAWN = "tests/test_rules_items.py::test_a_draw_is_a_product_and_the_luck_of_looking_at_it"
EQUALS = "tests/test_rules_items.py::test_the_first_of_equals_is_taken"
LURED = "tests/test_rules_buy.py::test_no_offer_raises_a_slot_by_more_than_the_bound_says"
STEPS_OF_A_VISIT = "tests/test_engines_drivers.py::test_the_steps_of_a_visit_are_those_of_the_rules[150-everything]"
FEW = OF_SLOTS + "few_promoted_products_of_many_are_found"
BUDGET = OF_TEAMS + "a_budget_gives_what_fits_and_to_anybody"
OF_EVENTS = "tests/test_events.py::test_"
RIVAL = OF_EVENTS + "some_buy_at_the_rival_most_where_it_is_cheap_and_they_mind_the_price"
RIVAL_OBJECTS = OF_EVENTS + "both_drivers_agree_on_each_alone[rival_price_cut]"  # the columnar driver asks before
LURE = OF_EVENTS + "a_cheap_rival_makes_members_leave"
OF_WORDS = "tests/test_talk.py::test_"
PASSED = OF_WORDS + "words_are_passed_on_with_their_path"
RESTS = OF_WORDS + "nobody_passes_on_the_same_thing_again_for_a_month"
LIKED = OF_WORDS + "posts_are_liked_and_likes_please"
AGAIN = OF_WORDS + "a_post_with_comments_comes_up_again"
SHOWN = OF_WORDS + "satisfied_reviewers_show_what_they_got"
ASKED = OF_WORDS + "dear_products_without_reviews_are_asked_about"
ANSWERED = OF_WORDS + "owners_answer_as_they_found_it"
CREDIT = OF_WORDS + "reputation_comes_from_likes_answers_and_advice"
STANDING = OF_WORDS + "standing_lies_between_half_and_twice"
WEIGHED = OF_WORDS + "words_weigh_by_standing"
LEAK = OF_EVENTS + "a_leak_moves_satisfaction_exactly"
WORRY = OF_EVENTS + "a_leak_makes_members_leave_sooner_for_a_while"
OF_BONDS = "tests/test_rules_bonds.py::test_"
EXPERTS = "tests/test_people_differ.py::test_experts_count_more_and_no_more_than_twice"
EXPONENTS = "tests/test_people_differ.py::test_exponents_of_tie_and_trust"
ONE_LIKE = "tests/test_people_differ.py::test_one_like_by_hand"
FRESH = "tests/test_people_differ.py::test_newness_by_hand"
PRICES = OF_BONDS + "remembered_prices"
COUPONS = OF_BONDS + "what_coupons_take_off_is_remembered_with_the_price"
IS_ON = OF_BONDS + "what_is_on"
BOUND = OF_BONDS + "pull_and_hold"
NEXT = OF_BONDS + "the_next_day"
LUCKY = OF_BONDS + "luck_decides_who_posts_and_who_comes_across_it"
CAUSE = OF_BONDS + "the_largest_reason_is_the_cause"


class Mutant(NamedTuple):
    """One mistake: in this function `old`, which stands there once, becomes `new`."""

    file: str  # in sim/
    function: str  # "" = anywhere in the file
    old: str
    new: str
    kind: str  # sign, day, or bound
    killers: tuple[str, ...]  # tests expected to see it


def _rows() -> Iterator[Mutant]:
    def sign(file: str, function: str, old: str, new: str, *killers: str) -> Mutant:
        return Mutant(f"rules/{file}.py", function, old, new, "sign", killers)

    def day(file: str, function: str, old: str, new: str, *killers: str) -> Mutant:
        return Mutant(f"rules/{file}.py", function, old, new, "day", killers)

    def bound(file: str, function: str, old: str, new: str, *killers: str) -> Mutant:
        return Mutant(f"rules/{file}.py", function, old, new, "bound", killers)

    # (15b) arriving
    yield sign(
        "arrive", "organic_probability", "params.organic * traits.arrive", "params.organic / traits.arrive", ARRIVE
    )
    yield sign("arrive", "arrival_probability", "-state.n_posts", "state.n_posts", ARRIVE)
    yield sign("arrive", "arrival_probability", "(1.0 - organic_probability", "(1.0 + organic_probability", ARRIVE)
    yield sign("arrive", "arrival_probability", "traits.kol / constants.kol", "constants.kol / traits.kol", ARRIVE)

    yield sign("arrive", "friends_active", "active / n_friends", "active - n_friends", THRESHOLD)
    yield sign("arrive", "ruled_probability", "if chance > 0.0", "if chance < 0.0", THRESHOLD)

    # (1) visiting
    yield sign("visit", "visit_probability", "params.e_in * heard", "-params.e_in * heard", MAIL)
    yield sign("visit", "visit_probability", "+ params.e_e", "- params.e_e", LIFE)
    yield sign("visit", "visit_probability", "exp(-rate)", "exp(rate)", LIFE)
    yield bound("visit", "visit_probability", "min(state.heard, 3)", "min(state.heard, 4)", MAIL)
    yield sign("visit", "acts", "draws.unit(word) < chance", "draws.unit(word) > chance", LIFE)
    yield sign("visit", "action", "draws.unit(words[3]) < organic", "draws.unit(words[3]) > organic", ARRIVE)

    # the quick test lets nobody be missed
    yield bound("visit", "could_act", "< most_returns", "< 0.8 * most_returns", STEADY)
    yield sign("visit", "could_act", "words[2]) < most", "words[2]) > most", LIFE)
    yield bound("visit", "could_act", "words[0]) < visit_probability", "words[0]) < 0.9 * visit_probability", LIFE)
    yield sign("visit", "could_act", "words[3]) < organic", "words[3]) > organic", ARRIVE)
    yield bound("visit", "could_act", "+ ROUNDING", "- 0.02", ARRIVE)
    yield bound("visit", "could_act", "state.n_posts > 0", "state.n_posts > 1", ARRIVE)
    yield bound("visit", "could_act", " | is_invited", "", REACH)

    # (18), (17) coming back, leaving
    yield sign("reach", "push_pull", "exp(-fatigue / params.f_0)\n", "exp(fatigue / params.f_0)\n", PUSHED)
    yield sign("reach", "push_pull", "params.e_p * min", "-params.e_p * min", PUSHED)
    yield bound("reach", "", "PUSHES_SEEN = 3", "PUSHES_SEEN = 4", PUSHED)
    yield bound("reach", "", "INERT_DAYS = 14", "INERT_DAYS = 15", PUSHED)
    yield sign("reach", "salience", "params.g_sal * min", "-params.g_sal * min", PUSHED)
    yield bound("reach", "salience", "days_away >= INERT_DAYS", "days_away > INERT_DAYS", PUSHED)
    yield day("reach", "reached", "away = day - max", "away = day + 1 - max", PUSHED)
    yield sign("reach", "opt_out_probability", "exp(-params.o_p", "exp(params.o_p", SWITCHED)
    yield sign(
        "reach", "opt_out_probability", "(1.0 + fatigue / params.f_0))\n", "(1.0 - fatigue / params.f_0))\n", SWITCHED
    )
    yield sign(
        "reach",
        "stirred",
        "mood + impulse * emotion, -1.0",
        "mood - impulse * emotion, -1.0",
        FEELING,
    )
    yield bound("reach", "in_steps", "+ 0.5", "+ 1.5", STEPPED)
    yield sign("reach", "opts_out", "return u < ", "return u > ", SWITCHED)
    yield sign("reach", "reached", "pull + push_pull", "pull - push_pull", PUSHED)
    yield sign(
        "buy",
        "place_effect",
        "live + content",
        "live - content",
        PLACE,
    )
    yield sign(
        "buy",
        "content_effect",
        "params.b_u *",
        "-params.b_u *",
        PLACE,
    )
    # whoever might buy is asked in full
    yield sign("buy", "most_weight", "weight += exp", "weight -= exp", STEPS_OF_A_VISIT)
    yield sign("buy", "most_weight", "alone += price_effect", "alone -= price_effect", CHOICE)
    yield sign("buy", "most_weight", "plain += params.b_k", "plain -= params.b_k", CHOICE)
    # and whoever an offer might make buy
    yield bound("buy", "lures", "lowest = min(lowest", "lowest = max(lowest", LURED)
    yield bound("buy", "lures", "saving = -log(", "saving = 0.5 * -log(", LURED)
    yield bound("buy", "most_lure", "smallest = max(most", "smallest = 2.0 * max(most", LURED)
    yield sign("buy", "most_lure", "cheaper = -beta", "cheaper = beta", LURED)
    yield sign("buy", "most_lure", "+ in_team)", "- in_team)", LURED)
    yield sign(
        "buy",
        "impulse",
        "params.b_imp *",
        "-params.b_imp *",
        PLACE,
    )
    yield sign("visit", "visit_probability", "+ state.pull", "- state.pull", PUSHED)
    yield sign("leave", "return_probability", "+ state.pull", "- state.pull", PUSHED)
    yield bound("leave", "most_returns", " + most_pull", "", PUSHED)
    yield sign("feel", "next_fatigue", "+ state.pushes", "- state.pushes", PUSHED)
    yield sign("review", "review_probability", "exp(params.b_rv", "exp(-params.b_rv", REWARDED)
    yield sign("review", "review_reward", "1.0 + constants", "1.0 - constants", REWARDED)
    yield sign("share", "share_probability", "+ paid", "- paid", REWARDED)
    yield day("leave", "return_probability", "day - state.lapsed_day", "day - state.lapsed_day + 1", LIFE)
    yield sign("leave", "return_probability", "-away / params.om_tau", "away / params.om_tau", LIFE)
    yield sign("leave", "return_probability", "+ params.b_fr", "- params.b_fr", LIFE)
    yield sign("leave", "return_probability", "exp(-rate)", "exp(rate)", LIFE)
    yield sign("leave", "most_returns", "exp(params.b_fr", "exp(-params.b_fr", BACK)
    yield bound("leave", "most_returns", "* (1.0 + ROUNDING)", "* 0.8", STEADY)
    yield bound("leave", "most_returns", "1.0 + most_orders", "0.0 + most_orders", BACK)
    yield sign("leave", "faded_left", "exp(-days", "exp(days", FRIENDS)
    yield day("leave", "faded_left", "exp(-days", "exp(-(days + 1)", FADED)
    yield sign("leave", "left_now", "exp(-(day", "exp((day", FRIENDS)
    yield day("leave", "left_now", "(day - state.left_day)", "(day - state.left_day + 1)", FRIENDS)
    yield sign("leave", "leave_probability", "params.g_n * left_now", "-params.g_n * left_now", FRIENDS)
    yield sign("leave", "leave_probability", "params.churn * exp(x)", "params.churn * exp(-x)", LIFE)
    yield sign("leave", "leave_probability", "+ _other_reasons", "- _other_reasons", LIFE)
    yield sign("leave", "_other_reasons", "-params.g_s", "params.g_s", LIFE)
    yield sign("leave", "_other_reasons", "- params.g_a", "+ params.g_a", FRIENDS)
    yield sign("leave", "_deviation", "- constants.active_share", "+ constants.active_share", FRIENDS)
    yield sign("leave", "_other_reasons", "+ params.g_f", "- params.g_f", MAIL)
    yield sign("leave", "_other_reasons", "fatigue - params.f_1", "params.f_1 - fatigue", MAIL)
    yield bound("leave", "", "LEFT_MOST = 2.0", "LEFT_MOST = 3.0", FRIENDS)
    yield bound("leave", "", "LEFT_FADE_DAYS = 30.0", "LEFT_FADE_DAYS = 20.0", FADED)
    yield day("leave", "", "TENURED_DAYS = 30", "TENURED_DAYS = 31", FRIENDS)
    # the quick test of the evening lets nobody be missed
    yield sign("leave", "most_leaves", "x = max(params.g_n", "x = -max(params.g_n", FRIENDS)
    yield sign("leave", "most_leaves", "+ _other_reasons", "- _other_reasons", LIFE)
    yield sign("leave", "most_leaves", "-params.churn * exp(x)", "-params.churn * exp(-x)", LIFE)
    yield sign("leave", "most_leaves", "return -params.churn", "return params.churn", LIFE)
    yield bound("leave", "most_leaves", "* (1.0 + ROUNDING)", "* 0.8", LIFE)

    # (5b), (17), (2c) a rival shop, bad news of ours
    yield sign("buy", "rival_value", "1.0 + params.w_rival", "1.0 - params.w_rival", RIVAL)
    yield bound("buy", "rival_value", "log(1.0 +", "log(2.0 +", RIVAL)
    yield sign("buy", "rival_value", "log(constants.rival_price)", "-log(constants.rival_price)", RIVAL)
    yield sign("buy", "decide", "- rival_value", "+ rival_value", RIVAL_OBJECTS)
    yield sign("leave", "rival_lure", "-log(", "log(", LURE)
    yield bound("leave", "rival_lure", "max(0.0,", "max(-9.0,", OF_EVENTS + "rules_by_hand")
    yield sign("leave", "_other_reasons", "+ state.hold", "- state.hold", WORRY)
    yield sign("reach", "shaken", "- blow", "+ blow", LEAK)
    yield sign("reach", "shaken", "HARDEST - trust", "HARDEST + trust", LEAK)
    yield bound("reach", "", "HARDEST = 1.5", "HARDEST = 1.4", LEAK)

    # (16), (10) mood, fatigue, satisfaction
    yield sign("feel", "next_mood", "- state.mood", "+ state.mood", MAIL)
    yield sign("feel", "next_mood", "params.mood_keep * state.mood", "-params.mood_keep * state.mood", LIFE)
    yield sign("feel", "next_mood", "+ params.mood_s", "- params.mood_s", LIFE)
    yield sign("feel", "next_mood", "params.k_e * seen if", "-params.k_e * seen if", MAIL)
    yield bound("feel", "next_mood", "min(max(mood, -1.0), 1.0)", "min(max(mood, -1.0), 2.0)", LIFE)
    yield sign("feel", "next_fatigue", "+ params.fat_ask", "- params.fat_ask", MAIL)
    yield sign("feel", "next_fatigue", "params.fat_keep * state.fatigue", "-params.fat_keep * state.fatigue", MAIL)
    yield sign("feel", "next_satisfaction", "+ (1.0 - params.s_keep)", "- (1.0 - params.s_keep)", LIFE)
    yield sign("feel", "next_satisfaction", "(1.0 - params.s_keep)", "(1.0 + params.s_keep)", LIFE)
    yield sign("feel", "joy", "min(max(experience, -1.0), 1.0)", "-min(max(experience, -1.0), 1.0)", LIFE)
    yield bound("feel", "joy", "min(max(experience, -1.0), 1.0)", "experience", LIFE)

    # (8), (9) messages
    yield sign("remember", "wear_out", "-beyond", "beyond", TALK + "[daily good]")
    yield sign("remember", "wear_out", "(1.0 - params.w_inf)", "(1.0 + params.w_inf)", TALK + "[good]")
    yield bound("remember", "wear_out", "earlier - 3", "earlier - 2", TALK + "[daily good]")
    yield sign("remember", "kind_value", "        return -params.v_bad", "        return params.v_bad", TALK + "[bad]")
    yield sign("remember", "kind_value", "return params.v_post", "return -params.v_post", TALK + "[post]")
    yield sign("remember", "kind_value", "return -params.v_post", "return params.v_post", TALK + "[bad post]")
    yield sign("remember", "kind_value", "return params.v_own", "return -params.v_own", TALK + "[own]")
    yield sign("remember", "message_weight", "trust / constants.trust", "constants.trust / trust", TALK + "[good]")
    yield bound("remember", "to_power", "base <= 0.0", "base < 0.0", EXPONENTS)
    yield sign("remember", "to_power", "power(base, exponent)", "power(base, -exponent)", EXPONENTS)
    yield sign("remember", "message_weight", "tie / TIE_UNIT", "TIE_UNIT / tie", TALK + "[good]")
    yield day("remember", "fading", "days * log", "(days + 1) * log", TALK + "[good]")
    yield sign("remember", "fading", "exp(days", "exp(-days", TALK + "[good]")
    yield sign("remember", "faded", "strength * fade", "-strength * fade", TALK + "[daily good]")
    yield sign("remember", "weaker", "abs(strength_a) < abs(strength_b)", "abs(strength_a) > abs(strength_b)", EIGHT)
    yield sign("remember", "notices", "key.agent, name) < params.p_b", "key.agent, name) > params.p_b", TALK + "[post]")
    yield sign("remember", "_take_in", "total += weights[m]", "total -= weights[m]", TALK + "[good]")
    yield sign(
        "remember", "_take_in", "inbox.strength[place] + total", "inbox.strength[place] - total", TALK + "[good]"
    )
    yield sign("remember", "_take_in", "inbox.count[place] + count", "inbox.count[place] - count", TALK + "[good]")
    yield sign("remember", "_take_in", "senders[m] != known_sender", "senders[m] == known_sender", TALK + "[good]")
    yield day(
        "remember", "_take_in", "inbox.sender_day[place] = key.day", "inbox.sender_day[place] = key.day - 1", WEEK
    )

    # (3) exposure
    yield sign("expose", "taste_match", "+ traits.taste_1", "- traits.taste_1", CHOICE + "[leader]")
    yield sign("expose", "taste_match", "+ traits.taste_2", "- traits.taste_2", CHOICE + "[leader]")
    yield sign("expose", "recommender_score", "rho * match", "-rho * match", SHARP)
    yield sign("expose", "recommender_score", "1.0 - rho * rho", "1.0 + rho * rho", SHARP)
    yield sign("expose", "guessed_match", "shelf.popularity[product]", "-shelf.popularity[product]", SHARP)
    yield sign("expose", "listed_item", ">> 32) + step", ">> 32) - step", LISTS)
    yield sign("feel", "next_wary", "HARDEST - trust", "HARDEST + trust", KNOWN)
    yield sign("feel", "next_wary", "return satisfaction + drawn", "return satisfaction - drawn", KNOWN)
    yield bound("feel", "next_wary", "min(params.s_bad - satisfaction, 0.0)", "(params.s_bad - satisfaction)", KNOWN)
    yield bound("expose", "proposed", "scaled >> 32", "(scaled >> 32) + 1", SHARP)
    yield sign("expose", "seen_score", "return score +", "return -score +", LOOK)
    yield sign("expose", "seen_score", "score + params", "score - params", DRAWN)
    yield bound("expose", "seen_score", "(2.0 * rest - 1.0)", "(1.0 * rest - 0.5)", LOOK)
    yield sign("expose", "look", "1.0 * (source == TASTE_SEARCH)", "1.0 * (source == POPULAR)", LOOK)
    yield sign("expose", "look", "1.0 * (source == POPULAR)", "1.0 * (source == TASTE_SEARCH)", SHARP)
    yield sign("expose", "look", "by_taste * glanced_match", "-by_taste * glanced_match", LOOK)
    yield sign("expose", "look", "+ by_popularity", "- by_popularity", BLURRED)
    yield sign("expose", "look", "found, best = -1, -1e300", "found, best = -1, 1e300", LOOK)
    yield sign("expose", "look", "(seen > best)", "((seen < best) | (found < 0))", LOOK)
    yield bound("expose", "look", "(seen > best)", "(seen >= best)", EQUALS)
    yield bound("expose", "look", "& (of_glance(glance, 3) != NOT_SOLD)", "& (product >= 0)", SHARP)
    yield bound("expose", "look", "words[0], glances[0]", "words[0], glances[1]", LOOK)
    yield bound("expose", "look", "words[3], glances[3]", "words[3], glances[2]", LOOK)
    yield sign("expose", "glanced_match", "traits.taste_0 *", "-traits.taste_0 *", LOOK)
    yield sign("expose", "glanced_match", "+ traits.taste_1", "- traits.taste_1", SHARP)
    yield sign("expose", "glanced_match", "+ traits.taste_2", "- traits.taste_2", SHARP)
    yield bound("expose", "glanced_match", "of_glance(glance, 2)", "of_glance(glance, 3)", SHARP)
    yield bound("expose", "glanced_match", "INV_ROOT_3 / GLANCE_UNIT", "INV_ROOT_3 * INV_ROOT_3 / GLANCE_UNIT", LOOK)
    yield sign("expose", "glanced_z", "return of_glance", "return -of_glance", BLURRED)
    yield bound("expose", "glanced_z", "of_glance(glance, 3)", "of_glance(glance, 2)", BLURRED)
    yield bound("expose", "glance_at", "shape[0])[0]]", "shape[0])[0] - 1]", SHARP)
    yield sign("expose", "look_placed", "if seen > best:", "if seen < best or found < 0:", SHARP)
    yield sign("expose", "look_placed", "product) if source == RECOMMENDED", "product) if source != RECOMMENDED", SHARP)
    yield sign("expose", "fits", "shelf.promoted[product] <= 0.0", "shelf.promoted[product] > 0.0", SHARP)
    yield bound("expose", "fits", "not shelf.on_sale[product] or ", "", SHARP)
    yield bound("expose", "draw_item", "source <= POPULAR", "source < POPULAR", SLOT_OBJECTS)
    yield bound("expose", "draw_item", "if product >= 0", "if product > 0", SHARP)
    yield sign("expose", "draw_item", "if fits(shelf, source, fitting)", "if not fits(shelf, source, fitting)", FEW)
    yield bound("expose", "draw_item", "(product + step)", "(product - step)", FEW)
    yield day("expose", "kol_presence", "day - state.kol_day", "day - state.kol_day + 1", SHARP)
    yield sign("expose", "presence_after", "exp(days", "exp(-days", SHARP)
    yield day("expose", "presence_after", "exp(days", "exp((days + 1)", SHARP)
    yield sign("expose", "kol_presence", "day - state.kol_day", "state.kol_day - day", SHARP)
    yield sign("expose", "friend_products", "-log(u)", "log(u)", EIGHT)
    yield sign("expose", "friend_products", "-log(u) / desk.times[k]", "-log(u) * desk.times[k]", EIGHT)
    yield sign("expose", "friend_products", "desk.times[place - 1] > time", "desk.times[place - 1] < time", EIGHT)
    yield bound("expose", "friend_products", "strength <= SHOWS_ABOVE", "strength < -SHOWS_ABOVE", WEEK)
    yield sign("expose", "friend_products", "inbox.strength[e] * fade", "inbox.strength[e] / fade", WEEK)
    yield sign("expose", "organic_weight", "+ params.w_new", "- params.w_new", SHARP)
    yield bound("expose", "organic_weight", "params.w_s + ", "", SHARP)
    yield sign("expose", "friend_chance", "params.w_fr * n_friend", "params.w_fr / max(n_friend, 1)", ONE_BY_ONE)
    yield sign("expose", "friend_chance", "friend + organic", "2.0 * friend + organic", ONE_BY_ONE)
    yield sign("expose", "sticks", "traits.kol * presence", "traits.kol / presence", SHARP)
    yield sign("expose", "sticks", "params.w_promo if is_promoting", "params.w_promo if not is_promoting", SHARP)
    yield sign("expose", "sticks", "kol + offer.rec_weight", "kol - offer.rec_weight", SHARP)
    yield bound("expose", "sticks", "placed / (placed +", "placed / (", SHARP)
    yield sign("expose", "taste_chance", "params.w_s / organic", "params.w_new / organic", SLOT_OBJECTS)
    yield sign("expose", "popular_chance", "params.w_pop / (", "params.w_new / (", SLOT_OBJECTS)
    yield sign("expose", "slot_source", "words[3]) >= chance", "words[3]) < chance", SHARP)
    yield sign("expose", "slot_source", "words[2]) < chance", "words[2]) > chance", SHARP)
    yield sign("expose", "slot_source", "words[1]) < chance", "words[1]) > chance", ONE_BY_ONE)
    yield sign("expose", "slot_source", "words[0]) < chance", "words[0]) > chance", SHARP)
    yield sign("expose", "placed_source", "others) < chance.kol", "others) > chance.kol", SHARP)
    yield sign("expose", "placed_source", "others < chance.recommended", "others > chance.recommended", SHARP)
    yield day("expose", "expose", "key.day - state.inbox_day", "key.day - state.inbox_day + 1", WEEK + "[objects]")
    yield bound("expose", "expose", "next_friend += 1", "next_friend += 0", ONE_BY_ONE + "[objects]")
    yield bound("expose", "expose", "range(int(params.attention))", "range(1)", ONE_BY_ONE + "[objects]")

    # shelf
    yield sign("shelf", "in_glance", "x * GLANCE_UNIT", "-x * GLANCE_UNIT", LOOK)
    yield sign("shelf", "in_glance", ", -GLANCE_MOST)", ", GLANCE_MOST)", LOOK)
    yield bound("shelf", "of_glance", "16 * lane", "15 * lane", BLURRED)
    yield sign("shelf", "of_glance", "- 0x8000", "+ 0x8000", SHARP)
    yield sign("shelf", "glances", "in_glance(popularity[j])", "in_glance(-popularity[j])", BLURRED)
    yield bound("shelf", "glances", "if on_sale[j]", "if not on_sale[j]", SHARP)
    yield bound("shelf", "glances", "<< 32", "<< 31", SHARP)
    yield bound("shelf", "", "GLANCE_UNIT = 4096.0", "GLANCE_UNIT = 16384.0", SHARP)
    yield sign("shelf", "displayed_rating", "+ stars", "- stars", ORDERS)
    yield sign("shelf", "displayed_rating", "RATING_WEIGHT + n_reviews", "RATING_WEIGHT - n_reviews", ORDERS)
    yield sign("shelf", "star_effect", "rating - RATING_PRIOR", "RATING_PRIOR - rating", CHOICE)
    yield sign("shelf", "star_effect", "0.7 * x", "-0.7 * x", CHOICE)
    yield sign("shelf", "show", "log(1.0 + units[j])", "-log(1.0 + units[j])", CHOICE)
    yield sign("shelf", "show", "/ (sd + SD_FLOOR)", "* (sd + SD_FLOOR)", CHOICE)
    yield sign("shelf", "show", "params.b_q * star_effect", "-params.b_q * star_effect", CHOICE)
    yield sign("shelf", "show", "+ params.b_v", "- params.b_v", CHOICE)
    yield sign("shelf", "log_ratios", "= log(cents[j]", "= -log(cents[j]", CHOICE)
    yield sign("shelf", "log_ratios", "cents[j] / reference_cents[j]", "reference_cents[j] / cents[j]", CHOICE)

    # (4)-(7) purchase
    yield sign("buy", "reduced", "(1.0 - share)", "(1.0 + share)", CHOICE)
    yield sign("buy", "price_alone", "price_cents - offer.coupon_cents", "price_cents + offer.coupon_cents", CHOICE)
    yield bound(
        "buy", "price_alone", "price_cents >= offer.coupon_min_cents", "price_cents < offer.coupon_min_cents", CHOICE
    )
    yield sign("buy", "recommendation_effect", "exp(-shelf", "exp(shelf", TALK + "[good]")
    yield sign("buy", "recommendation_effect", "else -felt", "else felt", TALK + "[bad]")
    yield sign("buy", "recommendation_effect", "- spam", "+ spam", TALK + "[good]")
    yield sign(
        "buy",
        "recommendation_effect",
        "count - shelf.spam_onset",
        "shelf.spam_onset[product] - count + 0.0 * shelf.spam_onset",
        TALK + "[good]",
    )
    yield sign("buy", "liking", "params.b_m * taste_match", "-params.b_m * taste_match", CHOICE)
    yield sign("buy", "liking", "+ shelf.appeal", "- shelf.appeal", CHOICE)
    yield sign("buy", "liking", "u += params.b_h", "u -= params.b_h", CHOICE)
    yield sign("buy", "liking", "u -= params.b_abs", "u += params.b_abs", CHOICE)
    yield sign("buy", "liking", "u += recommendation_effect", "u -= recommendation_effect", TALK + "[good]")
    yield sign("buy", "liking", "u + params.b_k", "u - params.b_k", CHOICE)
    yield sign("buy", "price_effect", "return -params.b_p", "return params.b_p", CHOICE)
    yield day("buy", "buy_probability", "-days_since_buy /", "-(days_since_buy + 1) /", LIFE)
    yield sign("buy", "buy_probability", "exp(-days", "exp(days", LIFE)
    yield sign("buy", "buy_probability", "+ traits.need", "- traits.need", LIFE)
    yield sign("buy", "buy_probability", "+ params.mu", "- params.mu", CHOICE)
    yield sign("buy", "buy_probability", "- params.b_inv", "+ params.b_inv", LIFE)
    yield sign("buy", "buy_probability", "+ params.b_s", "- params.b_s", LIFE)
    yield sign("buy", "buy_probability", "+ params.b_e", "- params.b_e", LIFE)
    yield sign("buy", "bought_units", "1 + min(", "2 - min(", LUCK)
    yield bound("buy", "bought_units", "1 + min(", "2 + min(", LUCK)
    yield day("buy", "decide", "key.day - state.inbox_day", "key.day - state.inbox_day + 1", TALK + "[good]")
    yield day(
        "buy",
        "cause",
        "day - inbox.sender_day[e] <= PARENT_DAYS",
        "day - inbox.sender_day[e] < PARENT_DAYS",
        WEEK,
    )
    yield day("buy", "decide", "since = key.day - state.last_buy_day", "since = key.day - state.last_buy_day - 1", LIFE)
    yield bound("buy", "cause", "inbox.product[e] == product", "inbox.product[e] != product", WEEK)
    yield sign("buy", "inclusive_value", "log(total) - log", "log(total) + log", CHOICE)
    yield sign("buy", "inclusive_value", "return log(total)", "return -log(total)", CHOICE)
    yield sign("buy", "decide", "alone = liked + price_effect", "alone = liked - price_effect", CHOICE)
    yield sign("buy", "decide", "saving = -log", "saving = log", FOUND)
    yield bound("buy", "decide", "alone > best", "alone < best", UNLOCK)
    yield bound("buy", "decide", "if alone > top", "if alone < top", CHOICE)
    yield day("buy", "best_team", "key.day <= teams[team, TEAM_CLOSES]", "key.day < teams[team, TEAM_CLOSES]", JOIN)
    yield day("buy", "best_team", "- key.day + 1)", "- key.day)", JOIN)
    yield bound("buy", "best_team", "fills > chance", "fills < chance", JOIN)

    # (19) teams
    yield sign("team", "poisson_tail", "exp(-mean)", "exp(mean)", JOIN)
    yield sign("team", "poisson_tail", "1.0 - below", "below - 1.0", JOIN)
    yield bound("team", "poisson_tail", "range(1, least)", "range(1, least + 1)", JOIN)
    yield bound("team", "fill_chance", "members + 1", "members", JOIN)
    yield sign("team", "team_utility", "+ fills * beta", "- fills * beta", FOUND)
    yield sign("team", "team_utility", "- (1.0 - fills)", "+ (1.0 - fills)", FOUND)
    yield sign("team", "team_utility", "- params.c_w", "+ params.c_w", FOUND)
    yield sign("team", "team_utility", "(1.0 - traits.social)", "(1.0 + traits.social)", FOUND)
    yield sign("team", "displayed_rate", "+ events", "- events", JOIN)
    yield sign("team", "displayed_rate", "+ exposure", "- exposure", JOIN)

    # (20) bargains
    yield sign("bargain", "bargain_utility", "at_list = alone - price", "at_list = alone + price", CHEAPER)
    yield sign("bargain", "bargain_utility", "-log(floor_cents", "log(floor_cents", STARTS)
    yield sign("bargain", "bargain_utility", "+ log(success)", "- log(success)", STARTS)
    yield sign("bargain", "wish", "total += exp(desk.weight[k])", "total -= exp(desk.weight[k])", BRINGS)
    yield bound("bargain", "wish", "if draws.unit(w0) >= p", "if draws.unit(w0) < p", BRINGS)
    yield bound("bargain", "wish", "floor_cents < desk.unit_cents[k]", "floor_cents > desk.unit_cents[k]", BRINGS)
    yield day("bargain", "wish", "key.day - state.last_buy_day", "key.day - state.last_buy_day + 1", BRINGS)
    yield sign("bargain", "ask_probability", "p * exp(params.b_unsure)", "p * exp(-params.b_unsure)", UNSURE)
    yield sign("bargain", "help_probability", "rate * exp(-fatigue", "rate * exp(fatigue", HELPS)
    yield sign("bargain", "help_probability", "1.0 - exp(-rate", "1.0 - exp(rate", HELPS)
    yield bound("bargain", "answer", "2 * w2 + 1 if", "w2 + 1 if", WON)
    yield sign("bargain", "answer", "log(1.0 + gift_cents", "log(1.0 - gift_cents", NEWCOMER)

    # (10)-(13) fulfilment, reviews
    yield sign("fulfil", "experience", "+ params.s_quality", "- params.s_quality", ORDERS)
    yield sign("fulfil", "experience", "+ params.s_match", "- params.s_match", ORDERS)
    yield sign("fulfil", "experience", "params.s_const", "-params.s_const", ORDERS)
    yield sign("fulfil", "experience", "- (params.s_fail", "+ (params.s_fail", LUCK)
    yield sign("fulfil", "experience", "- params.s_hype", "+ params.s_hype", SHARP)
    yield sign("fulfil", "experience", "+ params.s_luck * luck", "+ params.s_luck * max(luck, 0.0)", LUCK)
    yield sign("fulfil", "return_probability", "base + (", "base - (", ORDERS)
    yield sign("fulfil", "return_probability", "s < params.s_bad", "s > params.s_bad", ORDERS)
    yield sign("fulfil", "return_probability", "base = log", "base = -log", ORDERS)
    yield sign("fulfil", "deliver", "draws.unit(w1) < params.fail", "draws.unit(w1) > params.fail", LUCK)
    yield sign("fulfil", "deliver", "draws.unit(w2) < return", "draws.unit(w2) > return", ORDERS)
    yield sign("review", "review_probability", "params.rev_0 +", "params.rev_0 -", ORDERS)
    yield sign("review", "review_probability", "if s < 0.0", "if s > 0.0", ORDERS)
    yield sign("review", "stars", "+ params.star_s", "- params.star_s", ORDERS)
    yield sign("review", "stars", "own + params.om_h", "own - params.om_h", ORDERS)
    yield sign("review", "stars", "shown - own", "own - shown", ORDERS)
    yield bound("review", "stars", "pulled + 0.5", "pulled - 0.5", ORDERS)

    # (14), (14u), (15) sharing
    yield sign("share", "hassle_cents", "constants.price / traits.price", "traits.price / constants.price", UNLOCK)
    yield sign("share", "reward_effect", "params.b_rw * log", "-params.b_rw * log", UNLOCK)
    yield sign("share", "social_pull", "traits.social - constants.social", "constants.social - traits.social", ORDERS)
    yield sign("share", "share_probability", "+ params.b_sat", "- params.b_sat", ORDERS)
    yield sign("share", "share_probability", "+ params.b_a", "- params.b_a", ORDERS)
    yield sign("share", "share_probability", "params.s_0 + need", "params.s_0 - need", ORDERS)
    yield sign("share", "unlock_probability", "params.s_u + need", "params.s_u - need", UNLOCK)
    yield sign("share", "unlock_probability", "+ reward_effect", "- reward_effect", UNLOCK)
    yield sign(
        "share", "tie_probability", "power(audience / constants.degree", "power(constants.degree / audience", REACH
    )
    yield sign("share", "tie_probability", "reach / audience", "reach * audience", REACH)
    yield sign("share", "accept_probability", "-n_messages", "n_messages", REACH)
    yield sign("share", "shares", "draws.unit(w0) < share", "draws.unit(w0) > share", ORDERS)
    yield sign("share", "shares", "draws.unit(w1) < params.p_post", "draws.unit(w1) > params.p_post", TALK + "[post]")
    yield sign("share", "sends_to", "product_id)) < p", "product_id)) > p", REACH)
    yield sign("share", "wants_unlock", "luck < unlock", "luck > unlock", UNLOCK)
    yield sign("share", "accepts", "0) < accept", "0) > accept", REACH)

    # (4r) prices remembered
    yield sign("shelf", "reference_effect", "-params.b_ref * (felt", "params.b_ref * (felt", PRICES)
    yield sign("shelf", "reference_effect", "gap = log_price - remembered", "gap = remembered - log_price", PRICES)
    yield bound("shelf", "reference_effect", "params.ref_loss * gap", "gap", PRICES)
    yield sign("shelf", "next_remembered", "+ (1.0 - params.ref_keep)", "- (1.0 - params.ref_keep)", PRICES)
    yield sign("shelf", "feel_prices", "appeal[j] +=", "appeal[j] -=", COUPONS)
    yield sign("shelf", "feel_prices", "log_cut[j] + coupons", "log_cut[j] - coupons", COUPONS)
    yield sign("shelf", "remember_prices", "log_cut[j] + coupons", "log_cut[j] - coupons", COUPONS)

    # (1b), (14b), (17b) bonds
    yield sign("bonds", "has_habit", "params.g_hab != 0.0", "params.g_hab == 0.0", IS_ON)
    yield sign("shelf", "freshness", "exp((launch_day", "exp(-(launch_day", FRESH)
    yield day("shelf", "freshness", "launch_day - day)", "launch_day - day - 1)", FRESH)
    yield bound("shelf", "freshness", "launch_day <= 0", "launch_day < 0", FRESH)
    yield sign("shelf", "refresh", "+= freshness", "-= freshness", FRESH)
    yield sign("bonds", "has_warnings", "params.g_warn != 0.0", "params.g_warn == 0.0", IS_ON)
    yield sign("bonds", "has_belonging", "params.g_bel != 0.0", "params.g_bel == 0.0", IS_ON)
    yield sign("bonds", "has_bonds", "params.g_ref != 0.0", "params.g_ref == 0.0", IS_ON)
    yield sign("bonds", "has_bonds", "has_habit(params) or ", "", IS_ON)
    yield sign("bonds", "warning_hold", "params.g_warn * min", "-params.g_warn * min", BOUND)
    yield bound("bonds", "", "WARNINGS_MOST = 3.0", "WARNINGS_MOST = 4.0", BOUND)
    yield sign("bonds", "price_hold", "params.g_ref * dearer", "-params.g_ref * dearer", BOUND)
    yield sign("bonds", "price_hold", "traits.price / constants.price", "constants.price / traits.price", BOUND)
    yield sign("bonds", "bond_hold", "- ties", "+ ties", BOUND)
    yield sign("bonds", "bond_hold", "+ params.g_bel", "- params.g_bel", BOUND)
    yield sign("bonds", "bound", "+ (params.b_hab", "- (params.b_hab", BOUND)
    yield bound("bonds", "bound", "if state.status == ACTIVE", "if state.status >= ACTIVE", BOUND)
    yield sign("bonds", "bound", "state.hold + bond_hold", "state.hold - bond_hold", BOUND)
    yield sign("bonds", "next_habit", "- habit)", "+ habit)", NEXT)
    yield sign("bonds", "next_warned", "1.0 - constants.answered", "1.0 + constants.answered", NEXT)
    yield sign("bonds", "next_warned", "((seen - valence)", "((seen + valence)", NEXT)
    yield sign(
        "bonds",
        "next_belonging",
        "+= params.bel_up * (1.0 - b",
        "+= params.bel_up * (1.0 + b",
        NEXT,
    )
    yield sign(
        "bonds",
        "next_belonging",
        "params.bel_like * params.bel_up * (1.0 - b",
        "params.bel_like * params.bel_up * (1.0 + b",
        ONE_LIKE,
    )
    yield sign("bonds", "posts_too", "u < params.b_bel", "u > params.b_bel", LUCKY)
    yield sign("bonds", "comes_across", "name) < params.p_com", "name) > params.p_com", LUCKY)
    yield sign("leave", "cause_of_leaving", "-params.g_s", "params.g_s", CAUSE)
    yield sign("leave", "cause_of_leaving", "- params.g_a", "+ params.g_a", CAUSE)
    yield sign("leave", "cause_of_leaving", "state.hold - bond_hold", "state.hold + bond_hold", CAUSE)
    yield bound("leave", "cause_of_leaving", "most <= params.left_because", "most <= 0.0", CAUSE)
    # (21)-(27) each other's words
    yield bound("talk", "is_talking", "coefficient > 0.0", "coefficient > 0.5", LIKED)
    yield sign("talk", "log_odds", "p / (1.0 - p)", "(1.0 - p) / p", LIKED)
    yield sign("talk", "willing", "+ social_pull", "- social_pull", LIKED)
    yield sign("talk", "reacts", "likes = draws.unit(w0) <", "likes = draws.unit(w0) >", LIKED)
    yield sign("talk", "reacts", "draws.unit(w1) <", "draws.unit(w1) >", AGAIN)
    yield bound("talk", "", "CROWD = 3.0", "CROWD = 3.2", LIKED)
    yield sign("talk", "crowd", "1.0 - exp(", "1.0 + exp(", LIKED)
    yield sign("talk", "joy_of", "+ GIVEN", "- GIVEN", LIKED)
    yield sign("talk", "shows", "+ params.b_sat", "- params.b_sat", SHOWN + "[good]")
    yield sign("talk", "shows", "s < params.s_bad", "s > params.s_bad", SHOWN + "[good]")
    yield sign("talk", "forward_probability", "- params.fwd_fade", "+ params.fwd_fade", PASSED + "[good]")
    yield sign("talk", "forward_probability", "+ params.b_a", "- params.b_a", PASSED + "[good]")
    yield sign("talk", "forward_probability", "(params.fwd_bad", "(-params.fwd_bad", PASSED + "[bad]")
    yield sign("talk", "forwards", "u < forward", "u > forward", PASSED + "[good]")
    yield bound("talk", "", "REST_DAYS = 30", "REST_DAYS = 29", RESTS)
    yield sign("talk", "ask_probability", "+ log_price", "- log_price", ASKED)
    yield sign("talk", "ask_probability", "- log(1.0 + n_reviews)", "+ log(1.0 + n_reviews)", ASKED)
    yield sign("talk", "asks", "0) < p", "0) > p", ASKED)
    yield sign("talk", "answers", "u < willing", "u > willing", ANSWERED + "[1.0]")
    yield sign("talk", "next_reputation", "+ credit", "- credit", CREDIT)
    yield bound("talk", "", "-5\n", "-4\n", CREDIT)
    yield bound("talk", "times_at_most_two", "1.0 + abs(z)", "2.0 + abs(z)", STANDING)
    yield sign("talk", "standing", "params.rep_w *", "-params.rep_w *", STANDING)
    yield sign("talk", "expertise", "params.x_know *", "-params.x_know *", EXPERTS)
    yield sign("talk", "weighed", "weight * factor", "weight / factor", WEIGHED)

    # who gets scarce things
    yield bound("resolve", "grant", "amount <= left", "amount < left", BUDGET)
    yield sign("resolve", "grant", "left -= amount", "left += amount", BUDGET)
    yield sign("resolve", "seats", "np.arange(len(wanted)) - first", "np.arange(len(wanted)) + first", STRANGERS)
    yield bound("resolve", "seats", "- first < np", "- first <= np", STRANGERS)
    yield bound(
        "resolve", "winners", "np.asarray(names), np.asarray(words),", "np.asarray(words), np.asarray(names),", REACH
    )


MUTANTS: tuple[Mutant, ...] = tuple(_rows())


# --- making a mistake --------------------------------------------------------------------------------------


def functions(text: str) -> dict[str, tuple[int, int]]:
    """First and last line (from 0, last excluded) of every function of a source."""
    found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return {node.name: (node.lineno - 1, int(node.end_lineno or 0)) for node in found}


def changed(text: str, mutant: Mutant) -> str:
    """The source with this mistake; ValueError if its place is not there, or is there twice."""
    lines = text.splitlines(keepends=True)
    if mutant.function and mutant.function not in functions(text):
        raise ValueError(f"{mutant.file} has no function {mutant.function}")
    first, last = functions(text)[mutant.function] if mutant.function else (0, len(lines))
    part = "".join(lines[first:last])
    if part.count(mutant.old) != 1:
        raise ValueError(
            f"'{mutant.old}' stands {part.count(mutant.old)} times, not once, in {mutant.function} of {mutant.file}"
        )
    after = "".join([*lines[:first], part.replace(mutant.old, mutant.new), *lines[last:]])
    ast.parse(after)
    return after


# --- running tests -----------------------------------------------------------------------------------------


class Answer(NamedTuple):
    """What tests said about one mistake."""

    seen_by: str  # the first test that failed; "" = none did
    seconds: float


def preload() -> None:
    """Load libraries once; every run is a fork that imports only our sources, changed, anew."""
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    sys.dont_write_bytecode = True  # a changed file of the same size and second must not meet its old bytecode
    for name in ("numba", "pandas", "scipy.stats", "networkx", "pyarrow.parquet", "pydantic", "hypothesis", "pytest"):
        __import__(name)
    assert not any(name == "sim" or name.startswith("sim.") for name in sys.modules)


def plain(folder: Path, tests: Iterable[str], seconds: int = SECONDS) -> Answer:
    """Run these tests on the sources in this folder, in plain Python."""
    began, report = time.perf_counter(), folder / "report.txt"
    child = os.fork()
    if child == 0:
        code = 99
        try:  # the child must end here, whatever happens: the folder is its parent's
            with report.open("w") as file:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
            os.chdir(folder)
            sys.path.insert(0, str(folder))
            signal.alarm(seconds)
            import pytest

            known = "ignore::pytest.PytestAssertRewriteWarning"  # hypothesis is loaded already
            code = int(pytest.main(["-x", "-q", "-rf", "-W", known, "-p", "no:cacheprovider", *tests]))
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
        return Answer(ENDLESS, time.perf_counter() - began)
    return _answer(os.waitstatus_to_exitcode(status), report.read_text(), time.perf_counter() - began)


def compiled(folder: Path) -> Answer:
    """Run all V and F tests on the sources in this folder, compiled there."""
    began = time.perf_counter()
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "0", "GRAPEVINE_CACHE_DIR": str(folder / "cache")}
    tests = [test for test in ALL_TESTS if (folder / test).exists()]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-rf", "-p", "no:cacheprovider", *tests],
        cwd=folder, env={**environment, "PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return _answer(done.returncode, done.stdout + done.stderr, time.perf_counter() - began)


def _answer(code: int, report: str, seconds: float) -> Answer:
    if code == 0:
        return Answer("", seconds)
    failed = re.findall(r"^FAILED (\S+)", report, re.MULTILINE)
    if code != 1 or not failed:
        raise RuntimeError(f"the tests could not be run (exit code {code}):\n{report[-3000:]}")
    return Answer(failed[0], seconds)


def run(mutants: Iterable[Mutant], is_quick: bool = False) -> Iterator[tuple[Mutant, Answer]]:
    """Make one mistake after the other; who saw it. Quick: only the tests named beside it are asked."""
    mutants = list(mutants)
    preload()
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        folder = Path(name)
        for part in COPIED:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / part, folder / part)
        sound = plain(folder, sorted({test for mutant in mutants for test in mutant.killers}), 20 * SECONDS)
        if sound.seen_by:
            raise RuntimeError(f"{sound.seen_by} fails without any mistake")
        for mutant in mutants:
            path = folder / "sim" / mutant.file
            text = path.read_text(encoding="utf-8")
            path.write_text(changed(text, mutant), encoding="utf-8")
            try:
                answer = plain(folder, mutant.killers)
                yield mutant, answer if answer.seen_by or is_quick else compiled(folder)
            finally:
                path.write_text(text, encoding="utf-8")


# --- the page ----------------------------------------------------------------------------------------------


def row(mutant: Mutant) -> str:
    """What a row of the table says of the mistake; who saw it comes after that."""
    code = (f"`{text.strip()}`".replace("|", r"\|") if text.strip() else "nothing" for text in (mutant.old, mutant.new))
    return "| " + " | ".join([mutant.file, mutant.function or "(constant)", mutant.kind, *code]) + " |"


def line(mutant: Mutant, seen_by: str) -> str:
    """One row of the table."""
    return f"{row(mutant)} {seen_by.removeprefix('tests/').replace('::', ': ') or NOBODY} |"


def page(found: list[tuple[Mutant, Answer]]) -> str:
    """docs/mutants.md."""
    seen = sum(bool(answer.seen_by) for _, answer in found)
    by_kind = {kind: sum(mutant.kind == kind for mutant, _ in found) for kind in ("sign", "day", "bound")}
    head = (
        "# Which mistakes do the tests see?\n\n"
        "Written by `make mutants` (tests/mutants.py); do not edit.\n\n"
        "Each row is one mistake made in a copy of the rules: a sign flipped, a day too many or too few, a wrong\n"
        "bound. Tests of theory and facts were run against it; the last column is the first that failed.\n\n"
        f"{len(found)} mistakes ({by_kind['sign']} signs, {by_kind['day']} days, {by_kind['bound']} bounds): "
        f"{seen} seen, {len(found) - seen} not seen.\n\n"
        "| file | function | kind | right | wrong | seen by |\n|---|---|---|---|---|---|\n"
    )
    return head + "\n".join(line(mutant, answer.seen_by) for mutant, answer in found) + "\n"


def known() -> dict[str, str]:
    """What the page says of each mistake that was seen: its row, up to who saw it, and the test."""
    if not PAGE.exists():
        return {}
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| rules/")]
    cut = [line.removesuffix(" |").rpartition(" | ") for line in lines]
    return {f"{place} |": seen_by for place, _, seen_by in cut if seen_by != NOBODY}


def main() -> int:
    """The command."""
    options = argparse.ArgumentParser(description="Make mistakes in the rules; do the tests see them?")
    options.add_argument("--every", type=int, default=1, help="only every n-th mistake (then no page is written)")
    options.add_argument("--first", type=int, default=0, help="begin with this one")
    options.add_argument("--only", default="", help="only mistakes whose file and function contain this")
    options.add_argument(
        "--missing", action="store_true", help="only what the page does not list as seen; keep the rest"
    )
    options.add_argument("--quick", action="store_true", help="ask only the tests named beside each mistake")
    asked = options.parse_args()
    mutants = [mutant for mutant in MUTANTS if asked.only in f"{mutant.file}:{mutant.function}"]
    mutants = mutants[asked.first :: asked.every]
    kept = known() if asked.missing else {}
    is_whole = len(mutants) == len(MUTANTS) and not asked.quick
    mutants = [mutant for mutant in mutants if row(mutant) not in kept]
    if not mutants and not asked.missing:
        options.error(f"no mistake in a place that contains '{asked.only}', for example rules/buy.py:decide")
    found: list[tuple[Mutant, Answer]] = []
    began = time.perf_counter()
    for mutant, answer in run(mutants, asked.quick):
        found.append((mutant, answer))
        print(f"{len(found):4} {answer.seconds:6.1f} s {line(mutant, answer.seen_by)}", flush=True)
    missed = sum(not answer.seen_by for _, answer in found)
    print(f"{len(found)} mistakes, {missed} not seen, {time.perf_counter() - began:.0f} s")
    if is_whole:
        now = {row(mutant): answer for mutant, answer in found}
        of_all = [(m, now.get(row(m)) or Answer(kept[row(m)], 0.0)) for m in MUTANTS]
        PAGE.write_text(page(of_all), encoding="utf-8")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
