"""Events in words: what happened on a day, one shopper's life (saw, heard, did, why); imports `words`, rules' names.

Every kind of event of the journal has a sentence in both languages; a cause says where she first saw what she bought.
"""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from sim.app.words import Lang
from sim.rules.records import CHANNELS, LEAVING_CAUSES

#: kind of event -> sentence; {who} did it, {other} is the other one, {item} the product, {value} an amount
_SAID: Final[dict[str, tuple[str, str]]] = {
    "register": ("{who} registers{by}", "{who} 注册{by}"), "return": ("{who} comes back after having left", "{who} 流失后回流"),
    "visit": ("{who} opens the shop", "{who} 打开商城"), "found": ("{who} founds a team for {item}", "{who} 为{item}开团"),
    "join": ("{who} joins a team for {item}{with_}", "{who} 参团{item}{with_}"),
    "let_down": ("{who}'s team for {item} did not fill: refunded, and disappointed", "{who} 的{item}拼团未成：退款并失望"),
    "sample": ("{who} gets a sample of {item}", "{who} 获赠{item}试用"),
    "order": ("{who} buys {item} for {money}{why}{tactic}", "{who} 以 {money} 购买{item}{why}{tactic}"),
    "send_back": ("{who} sends {item} back", "{who} 退回{item}"), "review": ("{who} gives {item} {value} stars", "{who} 给{item} {value} 星"),
    "share": ("{who} shares {item}", "{who} 分享{item}"), "message": ("{who} tells {other} about {item}", "{who} 向 {other} 推荐{item}"),
    "show": ("{who} shows {item} to others", "{who} 晒单{item}"), "like": ("{who} likes what {other} showed of {item}", "{who} 点赞 {other} 晒的{item}"),
    "comment": ("{who} comments on {item}, shown by {other}", "{who} 评论 {other} 晒的{item}"),
    "repost": ("{who} passes on {item}, from {other}", "{who} 转发 {other} 的{item}"),
    "question": ("{who} asks {other} about {item}", "{who} 向 {other} 询问{item}"), "answer": ("{who} answers {other} on {item}", "{who} 回答 {other} 关于{item}的提问"),
    "lapse": ("{who} leaves the shop{why}", "{who} 流失{why}"), "bargain": ("{who} starts to bargain for {item}", "{who} 发起砍价{item}"),
    "help": ("{who} helps {other} to bargain for {item}: {money} off", "{who} 帮 {other} 砍{item} {money}"),
    "bargain_won": ("{who} got {item} down to the floor price", "{who} 将{item}砍到底价"),
    "bargain_failed": ("{who} did not get {item} down in time", "{who} 未能按时砍下{item}"),
}  # fmt: skip
#: what happens to her because of another one: kind -> sentence from her side
_HEARD: Final[dict[str, tuple[str, str]]] = {
    "message": ("hears from {who} about {item}", "听 {who} 推荐{item}"), "like": ("{who} likes the {item} she showed", "{who} 点赞她晒的{item}"),
    "comment": ("{who} comments on the {item} she showed", "{who} 评论她晒的{item}"), "repost": ("{who} passes on her {item}", "{who} 转发她的{item}"),
    "question": ("{who} asks her about {item}", "{who} 向她询问{item}"), "answer": ("{who} answers her on {item}", "{who} 回答她关于{item}的提问"),
    "help": ("{who} helps her to bargain for {item}: {money} off", "{who} 帮她砍{item} {money}"),
    "register": ("{who} registers on her invitation", "{who} 应她邀请注册"), "join": ("{who} joins her team for {item}", "{who} 加入她的{item}拼团"),
    "order": ("{who} buys {item} after hearing of it from her", "{who} 听她推荐后购买{item}"),
}  # fmt: skip
#: where she first saw what she bought
_CAUSES: Final[dict[str, tuple[str, str]]] = {
    "browse": ("came across it while browsing", "闲逛时看到"), "taste": ("saw it among things to her taste", "在符合口味处看到"),
    "popular": ("saw it among what sells best", "在热销榜看到"), "friend": ("a friend had told her", "好友推荐"),
    "kol": ("an opinion leader posted it", "达人种草"), "recommendation": ("the shop recommended it", "商城推荐"),
    "promotion": ("saw it on promotion", "在促销位看到"), "live": ("saw it in a live session", "在直播间看到"),
    "content": ("read what others wrote of it", "读到他人的笔记"),
}  # fmt: skip
_CHANNELS: Final[dict[str, tuple[str, str]]] = {
    "organic": ("by herself", "自然到来"), "paid": ("after an advertisement or a post", "因广告或达人"),
    "invited": ("invited by {other}", "受 {other} 邀请"),
}  # fmt: skip
_LEAVING: Final[dict[str, tuple[str, str]]] = {
    "price": ("over prices", "因价格"), "service": ("over bad experiences", "因不愉快的体验"),
    "friends": ("because friends left or warned", "因好友离开或差评"), "fatigue": ("tired of messages", "因疲劳"),
    "contact": ("reminded by a message", "因被消息提醒"),
}  # fmt: skip


def name(agent: int, lang: Lang) -> str:
    """What a shopper is called: her number."""
    return f"{'用户' if lang == 'zh' else 'shopper'} {agent}"


def sentence(event: Any, lang: Lang, of: int | None = None) -> str:
    """One event in words; `of`: as this shopper lives it."""
    zh = lang == "zh"
    agent, other = int(event.agent), int(event.other)
    is_hers = of is not None and agent == of
    heard = of is not None and not is_hers and event.type in _HEARD
    pair = _HEARD[event.type] if heard else _SAID.get(event.type, (f"{{who}}: {event.type}",) * 2)
    who = ("她" if zh else "she") if is_hers else name(agent, lang)
    item = "" if event.item < 0 else f"商品 {event.item}" if zh else f"product {event.item}"
    words = {
        "who": who, "other": name(other, lang) if other >= 0 else ("他人" if zh else "others"), "item": item,
        "value": int(event.value), "money": f"{event.value / 100:,.2f}", "why": "", "by": "", "with_": "", "tactic": "",
    }  # fmt: skip
    if event.type == "register":
        channel = _CHANNELS.get(CHANNELS[int(event.value)], ("", ""))[zh].format(other=words["other"])
        words["by"] = (f"（{channel}）" if zh else f", {channel}") if channel else ""
    if event.type == "lapse":
        cause = _LEAVING.get(LEAVING_CAUSES[int(event.value)], ("", ""))[zh]
        words["why"] = (f"（{cause}）" if zh else f", {cause}") if cause else ""
    if event.type == "join" and other >= 0:
        words["with_"] = f"（与 {words['other']}）" if zh else f", with {words['other']}"
    if event.type == "order":
        cause = _CAUSES.get(event.cause, (event.cause.replace("_", " "),) * 2)[zh]
        cause += f"（{words['other']}）" if zh and other >= 0 else f" ({words['other']})" if other >= 0 else ""
        words["why"] = f"：{cause}" if zh else f": {cause}"
        words["tactic"] = (
            (f"；价格来自 {event.tactic}" if zh else f"; at the price of {event.tactic}") if event.tactic else ""
        )
    said = pair[zh].format(**words)
    return said.replace("她 ", "她") if zh else said[:1].upper() + said[1:]


def life(events: pd.DataFrame, agent: int, lang: Lang) -> list[tuple[int, str]]:
    """Everything that a shopper did and heard: (day, sentence), in its order."""
    mine = events[(events["agent"] == agent) | ((events["other"] == agent) & events["type"].isin(list(_HEARD)))]
    sentences = [sentence(one, lang, agent) for one in mine.itertuples()]
    return list(zip(mine["day"].tolist(), sentences, strict=True))


def days_events(events: pd.DataFrame, ids: list[int], day: int) -> pd.DataFrame:
    """What happened to these people on a day, plain visits last."""
    found = events[(events["day"] == day) & (events["agent"].isin(ids))]
    return found.sort_values("type", key=lambda kinds: kinds == "visit", kind="stable")


def known_kinds() -> set[str]:
    """Kinds of event that have a sentence; for tests."""
    return set(_SAID)


def known_causes() -> set[str]:
    """Causes that have words; for tests."""
    return set(_CAUSES)
