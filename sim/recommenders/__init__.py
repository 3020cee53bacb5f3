"""Recommenders: what a shop would show each customer, from what it has seen; imports nothing of ours but rules.

Every file holds one way to judge products for a customer: `content`, `collaborative`, `social`, `hybrid`. They know who
bought what (`seen`), what products are like and who knows whom, never a shopper's traits. `lists` makes lists of what
they say, with a rule for whom and what nobody knows yet; `served` counts what was shown and what came of it.

Scores are integers: sums then do not depend on an order, and equal shops get equal lists on every processor.
"""
