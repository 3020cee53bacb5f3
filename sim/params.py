"""Every coefficient of the model in one table: default, range, unit, source, status; imports only `errors`.

A coefficient is declared once, as a field of `Params` whose annotation carries the rest. YAML
overrides, sweeps, `grapevine params`, the docs and the assumption ledger all read this table.

Status: `verified` (figure checked in the source named), `literature` (from the literature, not
checked word by word, or from one study), `fitted` (chosen so that the facts in
docs/validation.md hold jointly), `guess` (nobody knows; wide range; counted in the ledger).
Block: which of the five switches of a scenario turns it off (set to its neutral value, 0).
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from typing import Annotated, Final, Literal, NamedTuple, get_args, get_origin, get_type_hints

from sim.errors import InputError

Status = Literal["verified", "literature", "fitted", "guess"]
Block = Literal["social", "platform", "product", "personal", "psychological", ""]


class About(NamedTuple):
    """What is known about one coefficient besides its default."""

    meaning: str
    low: float
    high: float
    unit: str
    status: Status
    source: str
    serves: str = ""  # facts it is needed for
    block: Block = ""  # the switch that turns it off


class Params(NamedTuple):
    """Coefficients of the model: what calibration fits. Equation numbers are those of docs/model.md."""

    # fmt: off
    # population and graph (section 5)
    lam: Annotated[float, About("visit intensity of an average active shopper", 0.1, 1.0, "per day", "fitted", "D1/D7 of shopping apps", "F27 F29")] = 0.42
    lam_sd: Annotated[float, About("spread of visit intensity between shoppers, log scale", 0.0, 1.5, "1", "fitted", "D1/D7 of shopping apps", "F29 F32")] = 1.1
    nu_sd: Annotated[float, About("spread of purchase need between shoppers, logit scale", 0.0, 2.5, "logit", "fitted", "conversion, repeat ladder, top-20 % share", "F30 F32")] = 1.7
    theta_a: Annotated[float, About("daily churn is Beta(theta_a, theta_b): first shape", 0.2, 1.0, "1", "fitted", "form: Fader & Hardie 2007 (sBG)", "F28 F29")] = 0.35
    theta_b: Annotated[float, About("daily churn is Beta(theta_a, theta_b): second shape", 0.5, 5.0, "1", "fitted", "form: Fader & Hardie 2007 (sBG)", "F28 F29")] = 1.2
    churn: Annotated[float, About("scale of daily churn; 0 = nobody ever leaves", 0.0, 3.0, "1", "guess", "1 = as drawn; used by closed worlds", "F28")] = 1.0
    trait_sd: Annotated[float, About("spread of a trait within a persona", 0.0, 0.2, "1", "guess", "no source; Beta with this standard deviation", "")] = 0.13
    hom: Annotated[float, About("homophily: weight of friends when traits and tastes are smoothed over the graph", 0.0, 0.9, "1", "fitted", "naive against causal influence (Aral et al. 2009)", "F12 F38", "social")] = 0.6
    dem_taste: Annotated[float, About("how far age and region shift tastes, from those of all people; 0 = not at all", 0.0, 1.0, "sd of taste", "guess", "directions: studies of social shopping (young: fashion, beauty; north: home, digital); no source for a size", "", "personal")] = 0.0
    dem_social: Annotated[float, About("how much greater women's social need is than men's; 0 = it is not", 0.0, 0.3, "1", "guess", "direction: studies of social shopping; no source for a size", "", "psychological")] = 0.0
    organic: Annotated[float, About("prospects who register by themselves", 0.0, 0.05, "per day", "guess", "keeps the registered stock near steady", "F35")] = 0.003

    # visiting (eq. 1)
    e_0: Annotated[float, About("shift of everybody's visiting, for seasons and easier access", -2.0, 2.0, "log rate", "guess", "0 by definition", "")] = 0.0
    e_p: Annotated[float, About("effect of a push received today on visiting, for who is not tired of them", 0.0, 1.0, "log rate per push", "guess", "tuned to an inside optimum of 1 to 3 a day", "S15", "psychological")] = 0.25
    f_0: Annotated[float, About("fatigue at which a push works a third as well", 0.5, 20.0, "pushes", "guess", "no source", "S15")] = 4.0
    o_p: Annotated[float, About("chance to switch pushes off, for a push to who is not tired", 0.0, 0.02, "per push", "literature", "practitioners: 5-8 % a week at 3 a day", "S15")] = 0.0004
    e_in: Annotated[float, About("effect of a message received today on visiting", 0.0, 0.5, "log rate per message", "guess", "no source; at most 3 messages count", "F27", "social")] = 0.10
    e_e: Annotated[float, About("effect of mood on visiting", 0.0, 0.5, "log rate", "guess", "kept small on purpose, see F21", "F21", "psychological")] = 0.10

    # exposure (eq. 3)
    attention: Annotated[float, About("slots a visitor looks at", 2, 20, "products", "guess", "no source", "F14 F19")] = 8
    w_new: Annotated[float, About("weight of slots filled at random", 0.01, 5.0, "1", "guess", "the unit of the other weights", "F14")] = 1.0
    w_pop: Annotated[float, About("weight of slots sorted by popularity", 0.0, 5.0, "1", "fitted", "Salganik, Dodds & Watts 2006 (order and size of effects)", "F14 F19 F33", "platform")] = 0.40
    w_s: Annotated[float, About("weight of slots a shopper finds by her own taste", 0.0, 5.0, "1", "fitted", "click and choice data", "F33 S1", "personal")] = 0.5
    w_fr: Annotated[float, About("weight of slots per product friends recommended", 0.0, 5.0, "1 per product", "fitted", "one purchase per 50-70 messages", "F01 F03 F11", "social")] = 0.65
    w_kol: Annotated[float, About("weight of slots filled by a followed opinion leader's post", 0.0, 10.0, "1", "guess", "tune to campaign tests", "S5", "social")] = 2.0
    w_promo: Annotated[float, About("weight of slots given to promoted products", 0.0, 4.0, "1", "guess", "tune to F24", "F24", "platform")] = 1.0
    look_error: Annotated[float, About("error with which a visitor sees how well a product ranks in a list, uniform either way", 0.0, 4.0, "sd", "fitted", "Salganik, Dodds & Watts 2006 (order and size of effects)", "F14 F33")] = 0.7

    # purchase (eq. 4-7)
    alpha: Annotated[float, About("base propensity to buy on a visit", -6.0, -1.0, "logit", "fitted", "conversion, repeat ladder, top-20 % share", "F27 F30 F31 F32")] = -3.40
    mu: Annotated[float, About("dissimilarity of the nest of products: 1 = products as rivals as not buying", 0.2, 1.0, "1", "fitted", "own against category elasticity (Gupta 1988)", "F25")] = 0.6
    b_m: Annotated[float, About("effect of taste match on utility", 0.0, 1.5, "utility", "fitted", "click and choice data", "F33 S1", "personal")] = 0.8
    b_q: Annotated[float, About("effect of a displayed star above or below 4.2", 0.0, 0.4, "utility per star", "literature", "Luca 2011; You et al. 2015 (valence elasticity about .42)", "F17 F18", "social")] = 0.15
    b_v: Annotated[float, About("effect of the log number of reviews, against the catalogue's mean", 0.0, 0.4, "utility", "literature", "You et al. 2015 (volume elasticity .236)", "F18", "social")] = 0.20
    b_p: Annotated[float, About("own-price coefficient of an average shopper, on log price", 1.0, 4.0, "utility per log price", "fitted", "Bijmolt et al. 2005 (-2.62)", "F23", "personal")] = 2.2
    b_abs: Annotated[float, About("effect of a dear product (log list price against the catalogue's)", 0.0, 0.6, "utility per log price", "literature", "Alibaba sample: purchase per click .15 to .087 by price quintile", "F23", "personal")] = 0.2
    b_h: Annotated[float, About("herding: effect of standardised popularity on utility", 0.0, 1.0, "utility per sd", "fitted", "Salganik, Dodds & Watts 2006", "F14 F19 F33", "social")] = 0.35
    b_r: Annotated[float, About("largest effect of friends' recommendations on utility", 0.0, 3.0, "utility", "fitted", "Bapna & Umyarov 2015 (odds 1.5-1.6)", "F01 F03 F11", "social")] = 1.6
    b_sp: Annotated[float, About("annoyance per recommendation beyond a product's onset", 0.0, 0.3, "utility", "fitted", "Leskovec et al. 2007 (books peak at 2)", "F01", "social")] = 0.12
    b_k: Annotated[float, About("effect of a followed opinion leader's post on utility", 0.0, 2.0, "utility", "guess", "tune to campaign tests", "S5", "social")] = 0.8
    b_l: Annotated[float, About("effect of a live session on the products it shows, for who watches", 0.0, 2.0, "utility", "guess", "tuned with b_imp to S6", "S6", "social")] = 0.4
    b_imp: Annotated[float, About("impulse to buy while watching a live session, for average emotional reactivity", 0.0, 2.0, "logit", "guess", "tuned to viewers' conversion, 2 to 10 times (S6)", "S6", "psychological")] = 1.0
    b_u: Annotated[float, About("effect of what other shoppers wrote on the product it is about", 0.0, 1.0, "utility", "guess", "tuned to S7 (members spend 3-30 % more, the social most)", "S7", "social")] = 0.5
    b_inv: Annotated[float, About("need met by the last purchase", 0.0, 3.0, "logit", "fitted", "post-promotion dip (van Heerde et al. 2000)", "F26 F31", "personal")] = 1.9
    tau_inv: Annotated[float, About("time in which need comes back", 3.0, 60.0, "days", "fitted", "post-promotion dip", "F26 F31")] = 15.0
    b_s: Annotated[float, About("effect of satisfaction on buying", 0.0, 1.0, "logit", "guess", "no source", "", "psychological")] = 0.15
    b_e: Annotated[float, About("effect of mood on buying", 0.0, 0.5, "logit", "guess", "kept small on purpose, see F21", "F21", "psychological")] = 0.10
    w_rival: Annotated[float, About("attraction of a rival shop at our prices, beside 1 for not buying at all; 0 = there is none", 0.0, 2.0, "odds", "guess", "0: the chance to buy here already allows for usual rivals", "")] = 0.0
    q_more: Annotated[float, About("chance of one more unit in an order", 0.0, 0.8, "1", "literature", "mean 1.54 units an order", "")] = 0.35

    # prices remembered, money at hand (eq. 4r, 5c); off at 0
    b_ref: Annotated[float, About("part of the price response that is felt against the remembered price; 0 = prices are not remembered", 0.0, 2.0, "utility per log price", "guess", "direction: Kalyanaram & Winer 1995 (abstract); the rest of b_p stays", "", "psychological")] = 0.0
    ref_loss: Annotated[float, About("a price above the remembered one weighs this much more than one below", 1.0, 3.0, "1", "guess", "direction: Hardie, Johnson & Fader 1993 (memory)", "")] = 1.6
    ref_keep: Annotated[float, About("share of the remembered price kept to the next day", 0.8, 0.995, "per day", "guess", "half-life 23 days; no source", "")] = 0.97
    budget: Annotated[float, About("what an average shopper can spend here in 30 days; 0 = no limit", 0.0, 5000.0, "currency", "guess", "no source; set it to your shop's", "", "personal")] = 0.0
    tier_gap: Annotated[float, About("what people of the next smaller class of cities have less to spend; only where budget is above 0", 0.0, 1.0, "log money per tier", "guess", "direction: incomes in China fall with the size of the city; no source for this size", "", "personal")] = 0.0
    b_bud: Annotated[float, About("effect on buying of a budget that is used up; only where budget is above 0", 0.0, 10.0, "logit", "guess", "no source", "")] = 3.0

    # waiting for deals (eq. 5d); off at 0
    b_deal: Annotated[float, About("effect on buying of finding no deal, for who of average price sensitivity bought all she has at a reduction; 0 = nobody waits", 0.0, 2.0, "logit", "guess", "direction: Mela, Jedidi & Bowman 1998 (households learn to lie in wait for deals; memory)", "", "psychological")] = 0.0
    deal_r: Annotated[float, About("speed at which deal-proneness follows how she bought", 0.01, 1.0, "per order", "guess", "no source", "")] = 0.2

    # new products (of eq. 4); off at 0
    b_fresh: Annotated[float, About("appeal of a product on the day of its launch, over one that was always there; 0 = newness does not matter", 0.0, 2.0, "utility", "guess", "no source", "", "product")] = 0.0
    fresh_days: Annotated[float, About("time in which a new product becomes one of many", 1.0, 180.0, "days", "guess", "no source", "")] = 14.0

    # recommendations received (eq. 8-9)
    delta_r: Annotated[float, About("share of a recommendation remembered the next day", 0.7, 0.97, "per day", "guess", "half-life 6.6 days", "F03")] = 0.90
    v_bad: Annotated[float, About("weight of a dissatisfied sender against a satisfied one", 0.0, 3.0, "1", "guess", "negativity; no source for this size", "F01")] = 1.5
    v_post: Annotated[float, About("weight of a seen post against a personal message", 0.0, 1.0, "1", "guess", "Aral & Walker 2011 (personal stronger per message)", "F07")] = 0.25
    v_own: Annotated[float, About("weight of a friend's visible purchase against a personal message", 0.0, 1.0, "1", "fitted", "Bapna & Umyarov 2015", "F11")] = 0.07
    x_tie: Annotated[float, About("exponent of a tie's strength in the weight of a message", 0.0, 2.0, "1", "guess", "1 by definition: a product of factors", "")] = 1.0
    x_trust: Annotated[float, About("exponent of the receiver's trust in the weight of a message", 0.0, 2.0, "1", "guess", "1 by definition: a product of factors", "")] = 1.0
    x_know: Annotated[float, About("how much a sender's expertise, her taste for the product, makes her words count more, or less; 0 = it does not", 0.0, 2.0, "1 per sd of match", "guess", "direction: Wilson & Sherrell 1993 (experts persuade most; memory)", "", "social")] = 0.0
    w_inf: Annotated[float, About("weight of the latest of many messages from one sender", 0.0, 1.0, "1", "literature", "Leskovec et al. 2007 (falls to about half)", "F02")] = 0.5
    m_f: Annotated[float, About("messages over which a sender wears out, beyond the first three", 2.0, 10.0, "messages", "literature", "Leskovec et al. 2007", "F02")] = 4.0

    # fulfilment, returns, reviews (eq. 10-13)
    s_const: Annotated[float, About("satisfaction of an average order", -0.5, 0.5, "1", "fitted", "shape of review stars", "F16")] = 0.05
    s_quality: Annotated[float, About("effect of quality on satisfaction", 0.0, 1.0, "per sd", "fitted", "shape of review stars", "F16", "product")] = 0.40
    s_match: Annotated[float, About("effect of taste match on satisfaction", 0.0, 1.0, "1", "fitted", "shape of review stars", "F16", "personal")] = 0.25
    s_luck: Annotated[float, About("unexplained part of satisfaction", 0.0, 1.5, "1", "fitted", "shape of review stars", "F16")] = 0.60
    s_hype: Annotated[float, About("disappointment when a post promised too much", 0.0, 2.0, "1", "guess", "no source", "S5 S6", "social")] = 0.30
    fail: Annotated[float, About("orders that arrive late, broken or wrong", 0.0, 0.15, "1", "fitted", "one-star mode of reviews", "F16", "product")] = 0.06
    s_fail: Annotated[float, About("loss of satisfaction when an order fails", 0.0, 5.0, "1", "fitted", "one-star mode of reviews", "F16")] = 2.6
    s_keep: Annotated[float, About("weight of the past in satisfaction", 0.0, 0.99, "per order", "guess", "no source", "F34")] = 0.7
    s_bad: Annotated[float, About("an experience below this is a bad one: likelier return, negative message", -3.0, 0.0, "1", "guess", "no source", "F16")] = -1.0
    ret_0: Annotated[float, About("orders sent back after a normal experience", 0.0, 0.4, "1", "literature", "10-15 % in online shops", "S6")] = 0.10
    ret_1: Annotated[float, About("effect of a bad experience on sending back", 0.0, 3.0, "logit", "guess", "no source", "S6")] = 1.0
    ret_l: Annotated[float, About("effect of having bought in a live session on sending back", 0.0, 3.0, "logit", "literature", "30-50 % against 10-15 % sent back", "S6")] = 1.2
    rev_0: Annotated[float, About("orders reviewed after a neutral experience", 0.0, 0.2, "1", "fitted", "J-shape of stars (Hu et al. 2009)", "F16")] = 0.02
    rev_2: Annotated[float, About("effect of a strong experience (its square) on reviewing", 0.0, 0.3, "1", "fitted", "J-shape of stars", "F16")] = 0.06
    rev_neg: Annotated[float, About("a bad experience is reviewed this much more", 1.0, 3.0, "1", "fitted", "J-shape of stars", "F16")] = 1.3
    rev_max: Annotated[float, About("most orders that are ever reviewed", 0.1, 1.0, "1", "guess", "no source", "F16")] = 0.6
    star_0: Annotated[float, About("stars for a neutral experience", 2.0, 5.0, "stars", "fitted", "shape of review stars", "F16")] = 3.9
    star_s: Annotated[float, About("stars per unit of satisfaction", 0.5, 2.0, "stars", "fitted", "shape of review stars", "F16")] = 1.25
    om_h: Annotated[float, About("pull of a higher displayed rating on one's own stars", 0.0, 0.6, "stars per star", "guess", "direction: Muchnik et al. 2013", "F15", "social")] = 0.3

    # sharing and invitations (eq. 14-15)
    s_0: Annotated[float, About("base propensity to share an order", -4.0, 0.0, "logit", "literature", "a third forwards when rewarded (Leskovec et al. 2007)", "F03 F20")] = -1.0
    b_n: Annotated[float, About("effect of social need on sharing", 0.0, 1.5, "logit per .2", "guess", "no source", "F03", "psychological")] = 0.5
    b_sat: Annotated[float, About("effect of the experience on sharing", 0.0, 1.5, "logit", "guess", "no source", "F03", "psychological")] = 0.5
    b_a: Annotated[float, About("effect of a product's arousal on sharing", 0.0, 0.4, "logit per sd", "literature", "Berger & Milkman 2012 (odds 1.34)", "F22", "psychological")] = 0.29
    b_rw: Annotated[float, About("effect of a reward on sharing", 0.0, 2.0, "logit per log reward", "guess", "no source", "F20 S2")] = 0.5
    h_0: Annotated[float, About("trouble of sharing, in money, for an average shopper", 0.1, 10.0, "currency", "guess", "no source", "S2")] = 1.0
    s_u: Annotated[float, About("propensity to share in order to unlock a coupon, before its reward", -5.0, 0.0, "logit", "guess", "no source", "S2")] = -4.0
    r_0: Annotated[float, About("friends an average sharer reaches", 0.0, 10.0, "messages", "fitted", "hub against random seeds", "F08", "social")] = 3.0
    eta: Annotated[float, About("how reach grows with the number of friends", 0.0, 1.0, "1", "fitted", "Hinz et al. 2011", "F08")] = 0.5
    p_post: Annotated[float, About("shares that are also posted for all friends to see", 0.0, 1.0, "1", "guess", "no source", "F07")] = 0.3
    p_b: Annotated[float, About("chance that a visiting friend sees a post", 0.0, 1.0, "1", "guess", "no source", "F07", "social")] = 0.3
    a_inv: Annotated[float, About("chance that an invitation is accepted", 0.0, 0.3, "per message", "fitted", "K factor", "F35", "social")] = 0.05
    a_kol: Annotated[float, About("chance that a prospect registers after a followed opinion leader's post", 0.0, 0.1, "per post", "guess", "no source", "S5", "social")] = 0.01
    p_fade: Annotated[float, About("share of an opinion leader's post remembered the next day", 0.1, 0.97, "per day", "guess", "no source", "S5")] = 0.7

    b_ir: Annotated[float, About("effect of a gift on accepting an invitation", 0.0, 1.5, "log rate per log gift", "guess", "no source", "S2")] = 0.3
    b_rv: Annotated[float, About("effect of a reward on reviewing", 0.0, 1.0, "log rate per log reward", "guess", "one anecdote: contests raise participation by half", "")] = 0.25

    # what people make of each other's words (eq. 21-27); nothing of it is at work where its first coefficient is 0
    p_fwd: Annotated[float, About("chance that an average member passes on what she read about a product; 0 = nobody does", 0.0, 0.3, "per product read of", "guess", "no source", "", "social")] = 0.0
    fwd_fade: Annotated[float, About("log odds of passing on lost with every hand a message went through", 0.0, 3.0, "logit per hand", "guess", "direction: most cascades are shallow (Goel et al. 2012)")] = 0.5
    fwd_bad: Annotated[float, About("log odds by which warnings are passed on more", 0.0, 1.5, "logit", "guess", "direction: Hornik et al. 2015", "", "psychological")] = 0.2
    p_like: Annotated[float, About("chance that an average visitor likes a friend's post she sees; 0 = nobody does", 0.0, 0.5, "per post seen", "guess", "no source", "", "social")] = 0.0
    p_comment: Annotated[float, About("chance that an average visitor comments on a friend's post she sees; 0 = nobody does", 0.0, 0.2, "per post seen", "guess", "no source", "", "social")] = 0.0
    like_joy: Annotated[float, About("joy of being liked by many, against that of a perfect order", 0.0, 1.0, "1", "guess", "no source", "", "psychological")] = 0.3
    p_show: Annotated[float, About("chance that a satisfied average reviewer shows what she got, with pictures; 0 = nobody does", 0.0, 0.9, "per review", "guess", "no source", "", "social")] = 0.0
    v_show: Annotated[float, About("weight of a seen show of what a friend bought against a personal message", 0.0, 1.0, "1", "guess", "between a post and a message", "")] = 0.5
    p_ask: Annotated[float, About("chance to ask about a product of median price without reviews that she liked and did not buy; 0 = nobody does", 0.0, 0.5, "per visit", "guess", "no source", "", "social")] = 0.0
    p_answer: Annotated[float, About("chance that an average owner answers a question put to her", 0.0, 0.9, "per question", "guess", "no source", "", "social")] = 0.3
    rep_w: Annotated[float, About("how fast reputation makes words count more, or less; 0 = it does not", 0.0, 0.3, "per point", "guess", "no source", "", "social")] = 0.0
    rep_keep: Annotated[float, About("reputation kept from yesterday", 0.0, 0.999, "per day", "guess", "half-life of two months", "")] = 0.99

    # mood and fatigue (eq. 16)
    mood_keep: Annotated[float, About("mood kept from yesterday", 0.0, 0.99, "per day", "guess", "no source", "F21")] = 0.9
    k_e: Annotated[float, About("contagion of mood", 0.0, 0.05, "per day", "literature", "Kramer et al. 2014 (d about .02)", "F21", "psychological")] = 0.02
    mood_s: Annotated[float, About("effect of an experience on mood", 0.0, 0.5, "1", "guess", "no source", "F21", "psychological")] = 0.1
    fat_keep: Annotated[float, About("fatigue kept from yesterday", 0.0, 0.99, "per day", "guess", "no source", "S15")] = 0.9
    fat_ask: Annotated[float, About("fatigue from a message received", 0.0, 2.0, "pushes", "guess", "no source", "S15 F02", "psychological")] = 0.5

    c_priv: Annotated[float, About("pull of satisfaction towards a bad experience on a day on which all that is shown was chosen by what the shop knows of her, for who trusts as most do; 0 = nobody minds", 0.0, 0.2, "per day", "guess", "direction: studies of social shopping name it; no source for a size", "", "psychological")] = 0.0

    # leaving and coming back (eq. 17-18)
    g_s: Annotated[float, About("effect of satisfaction on staying", 0.0, 0.8, "log hazard", "fitted", "churn against satisfaction", "F34", "psychological")] = 0.25
    g_n: Annotated[float, About("effect of a tenured friend who left", 0.0, 0.9, "log hazard per friend", "verified", "Nitzan & Libai 2011 (hazard ratio 1.8)", "F13", "social")] = math.log(1.8)
    g_a: Annotated[float, About("effect of the active share of friends on staying", 0.0, 0.8, "log hazard", "guess", "no source", "F34", "social")] = 0.3
    g_f: Annotated[float, About("effect of fatigue beyond the tolerated", 0.0, 0.3, "log hazard per push", "guess", "no source", "S15", "psychological")] = 0.05
    f_1: Annotated[float, About("fatigue that is tolerated", 0.0, 20.0, "pushes", "guess", "no source", "S15")] = 5.0
    g_sal: Annotated[float, About("effect of being contacted on leaving, for who has not been seen for two weeks", 0.0, 0.7, "log hazard", "literature", "Ascarza et al. 2016 (churn 10.0 against 6.4 %)", "S14", "psychological")] = 0.3
    g_rival: Annotated[float, About("effect on leaving of a rival shop that is cheaper; only where w_rival is above 0", 0.0, 1.0, "log hazard per log price", "guess", "no source", "")] = 0.3
    om_0: Annotated[float, About("chance to come back, just after leaving", 0.0, 0.01, "per day", "literature", "6 % reinstall within 30 days", "S10")] = 0.002
    om_tau: Annotated[float, About("time in which the chance to come back fades", 10.0, 365.0, "days", "guess", "no source", "S10")] = 60.0
    b_fr: Annotated[float, About("effect of past orders on coming back", 0.0, 1.0, "log rate", "guess", "no source", "S10")] = 0.3

    left_because: Annotated[float, About("least log hazard that counts as a cause of leaving; 0 = causes are not written down", 0.0, 1.0, "log hazard", "guess", "no source", "")] = 0.0

    # bonds: slow states (eq. 1b, 17b); off at 0
    b_hab: Annotated[float, About("effect of habit on visiting", 0.0, 2.0, "log rate", "guess", "no source", "", "psychological")] = 0.0
    g_hab: Annotated[float, About("effect of habit on staying", 0.0, 3.0, "log hazard", "guess", "no source", "", "psychological")] = 0.0
    hab_r: Annotated[float, About("speed at which habit follows use", 0.005, 0.2, "per day", "literature", "Lally et al. 2010 (95 % of the plateau after 18 to 254 days, typically 66)", "")] = 0.045
    g_warn: Annotated[float, About("effect on leaving of a warning heard, at most three", 0.0, 0.5, "log hazard per warning", "guess", "no source", "", "social")] = 0.0
    warn_keep: Annotated[float, About("share of a warning remembered the next day", 0.5, 0.99, "per day", "guess", "as recommendations (delta_r)", "")] = 0.9
    g_ref: Annotated[float, About("effect on leaving of prices above those remembered, for average price sensitivity; only where b_ref is above 0", 0.0, 5.0, "log hazard per log price", "guess", "no source", "", "personal")] = 0.0
    p_com: Annotated[float, About("chance that a post reaches a member of the poster's community beyond her friends", 0.0, 0.3, "per member", "guess", "no source", "", "social")] = 0.0
    com_size: Annotated[float, About("mean size of a community of interest", 10.0, 2000.0, "people", "guess", "no source; about as many as one can know", "")] = 150.0
    b_bel: Annotated[float, About("chance that belonging makes a member post an order she would only have shared", 0.0, 1.0, "1", "guess", "no source", "", "social")] = 0.0
    g_bel: Annotated[float, About("effect of belonging on staying", 0.0, 2.0, "log hazard", "guess", "direction: Ren et al. 2012 (attachment raises participation; memory)", "", "social")] = 0.0
    bel_up: Annotated[float, About("part of the way to full belonging that taking part once goes", 0.0, 0.5, "per act", "guess", "no source", "")] = 0.1
    bel_like: Annotated[float, About("a like given or received, against taking part once; 0 = likes do not make anybody belong", 0.0, 1.0, "acts", "guess", "no source", "", "social")] = 0.0
    bel_keep: Annotated[float, About("share of belonging kept to the next day", 0.8, 0.999, "per day", "guess", "half-life 34 days; no source", "")] = 0.98

    # teams (eq. 19)
    c_fail: Annotated[float, About("cost of a team that may fail", 0.0, 1.0, "utility", "guess", "no source", "S3")] = 0.3
    c_w: Annotated[float, About("cost of waiting for a team, for the least social", 0.0, 1.0, "utility", "guess", "no source", "S3")] = 0.25
    s_team: Annotated[float, About("experience of a team that failed", -2.0, 0.0, "1", "guess", "no source", "S3")] = -0.5

    # bargaining (eq. 20)
    a_h: Annotated[float, About("readiness to help a friend who asks in a bargain", 0.0, 2.0, "log rate", "guess", "no source; .5 is four helps in ten requests", "S4 F02", "social")] = 0.5
    b_unsure: Annotated[float, About("more friends asked where the cut of every help is drawn and not fixed", 0.0, 0.5, "log reach", "literature", "Li et al. 2026 (uncertain reward for the sender: 20.9 % more referrals)", "S4", "psychological")] = math.log(1.209)

    # money
    ship: Annotated[float, About("cost of fulfilling an order", 0.0, 50.0, "currency per order", "guess", "no source; set it to your shop's", "")] = 2.0
    resale: Annotated[float, About("share of its cost a returned unit is worth", 0.0, 1.0, "1", "guess", "no source; set it to your shop's", "")] = 0.7
    # fmt: on


#: Coefficients that are facts of a shop and not of people: whoever asks sets them, so no study draws them from a range.
FACTS_OF_THE_SHOP: Final[tuple[str, ...]] = ("budget", "ship", "resale")

#: What the equations can take, where that is narrower than "any number, not negative where the range is not".
#: The range of a coefficient is where one expects it (its prior); laboratories go beyond.
_LIMITS: Final[dict[str, tuple[float, float]]] = {
    **dict.fromkeys(
        (
            "organic", "w_inf", "fail", "rev_0", "rev_max", "p_post", "p_b", "a_inv", "a_kol", "mood_keep", "k_e",
            "fat_keep", "s_keep", "om_0", "resale", "ref_keep", "hab_r", "warn_keep", "p_com", "b_bel", "bel_up",
            "bel_keep", "bel_like", "deal_r",
        ),
        (0.0, 1.0),
    ),
    **dict.fromkeys(
        ("hom", "q_more", "ret_0", "p_fwd", "p_like", "p_comment", "p_show", "p_ask", "p_answer"), (0.0, 0.99)
    ),
    "rep_keep": (0.0, 0.999),
    **dict.fromkeys(("delta_r", "p_fade"), (0.01, 1.0)),
    **dict.fromkeys(("theta_a", "theta_b", "tau_inv", "om_tau", "m_f", "h_0", "fresh_days"), (0.001, 1e6)),
    **dict.fromkeys(("lam", "lam_sd", "nu_sd", "trait_sd", "eta"), (0.0, 10.0)),
    "trait_sd": (0.0, 0.25), "mu": (0.01, 1.0), "attention": (1.0, 20.0), "com_size": (1.0, 1e6), "w_new": (0.001, 1e6),
    "star_0": (1.0, 5.0),
}  # fmt: skip


class Coefficient(NamedTuple):
    """One row of the table that `grapevine params` prints; low to high is its usual range, least to most its limits."""

    name: str
    default: float
    low: float
    high: float
    unit: str
    status: Status
    source: str
    serves: str
    block: Block
    meaning: str
    least: float
    most: float


def _table() -> dict[str, Coefficient]:
    table = {}
    for name, hint in get_type_hints(Params, include_extras=True).items():
        if get_origin(hint) is not Annotated:
            raise TypeError(f"coefficient {name} has no description")
        about = get_args(hint)[1]
        default = float(Params._field_defaults[name])
        least, most = _LIMITS.get(name, (0.0 if about.low >= 0.0 else -1e6, 1e6))
        table[name] = Coefficient(
            name, default, float(about.low), float(about.high), about.unit, about.status, about.source,
            about.serves, about.block, about.meaning, least, most,
        )  # fmt: skip
    return table


COEFFICIENTS: Final[dict[str, Coefficient]] = _table()
BLOCKS: Final[tuple[str, ...]] = ("social", "platform", "product", "personal", "psychological")


def build(overrides: Mapping[str, float] | None = None, switches: Mapping[str, bool] | None = None) -> Params:
    """Defaults, then overrides, then switches: a block that is off has all its coefficients at 0.

    Raises InputError for an unknown name or a value outside the coefficient's limits.
    """
    values = {name: row.default for name, row in COEFFICIENTS.items()}
    for name, value in (overrides or {}).items():
        row = COEFFICIENTS.get(name)
        if row is None:
            near = difflib.get_close_matches(name, COEFFICIENTS, n=1)
            raise InputError(
                "unknown coefficient", path=f"params.{name}", hint=f"Did you mean '{near[0]}'?" if near else None
            )
        if not row.least <= float(value) <= row.most:
            raise InputError(
                "out of range", path=f"params.{name}", found=value, allowed=f"{row.least:g} to {row.most:g}"
            )
        values[name] = float(value)
    for block, is_on in (switches or {}).items():
        if not is_on:
            for name, row in COEFFICIENTS.items():
                if row.block == block:
                    values[name] = 0.0
    return Params(**values)
