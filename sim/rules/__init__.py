"""What one shopper does in a day: one file per phase, equations with their numbers; imports `params`, `draws`, `_jit`.

A rule is a pure function of scalars (and of the shopper's own few slots): it reads yesterday, draws
its luck by name, and answers. It never sees another shopper. Both drivers call these functions; the
columnar one compiles them into its loops, the object one calls them as they stand here.

| phase | file | reads | answers | equations |
|---|---|---|---|---|
| 1 arrive | `arrive` | prospect, posts seen | registers by herself or through a post | 15b |
| 2 return | `leave` | lapsed day, orders | comes back | 18 |
| 3 visit | `visit` | intensity, messages, mood | opens the shop | 1 |
| 4 remember | `remember` | messages received | what friends recommended, and how strongly | 8-9 |
| 5 expose | `expose` | popularity, taste, memory, offers | up to eight products and why each was shown | 3 |
| 6 buy | `buy`, `team` | utilities, need, prices, teams | nothing, or a product, alone or in a team | 4-7, 19 |
| 7 fulfil | `fulfil` | quality, match, luck | experience, sends it back | 10-11 |
| 8 review | `review` | experience, displayed rating | stars | 12-13 |
| 9 share | `share` | experience, social need, reward | messages to friends; a prospect accepts | 14-15 |
| 10 feel | `feel` | messages seen, experience | mood, fatigue | 16 |
| 11 leave | `leave` | satisfaction, friends who left, fatigue | lapses | 17 |

What the whole shop shows (popularity, ratings) is in `shelf`; scarce things are given out in `resolve`.
"""
