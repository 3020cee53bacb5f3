"""Every text of the app, English and Chinese side by side; names of levers, values, kinds; imports the rooms that name them."""

from __future__ import annotations

import inspect
from typing import Any, Final, Literal, NamedTuple

from sim.scenario.fields import FieldAbout
from sim.scenario.words import UNITS_ZH

Lang = Literal["en", "zh"]

_TEXT: Final[dict[str, tuple[str, str]]] = {
    # the page
    "title": ("Which strategy wins?", "哪个策略更胜一筹？"),
    "tagline": (
        "All strategies in the same worlds, under the same luck: which wins on retention, GMV and profit, and how sure is it.",
        "所有策略在相同的世界、相同的运气下比较：谁在留存、成交额与利润上胜出，把握有多大。",
    ),
    "ask": ("1 Scenario", "1 场景"), "tactics": ("2 Strategies", "2 策略"), "answer": ("3 Answer", "3 结论"),
    "watch": ("Watch", "观察"), "folders": ("Open results", "打开结果"),
    "language": ("Language", "语言"), "screens": ("Screens", "页面"),
    "not_a_forecast": (
        "A simulator, not a forecast of your company. Many of its numbers are guesses; `grapevine params` says which.",
        "这是模拟器，不是对贵公司的预测。其中许多系数为假设值，见 grapevine params。",
    ),
    # forms
    "unit": ("unit", "单位"), "allowed": ("allowed", "范围"), "default": ("default", "默认"), "yes": ("yes", "是"),
    "no": ("no", "否"), "none": ("none", "无"), "empty": ("empty", "空"), "everybody": ("everybody", "所有人"),
    "nothing": ("nothing chosen", "未选择"), "add": ("Add", "添加"), "remove": ("Remove", "移除"),
    # scenario
    "start_from": ("Start from", "从场景开始"), "open": ("Open", "打开"), "shipped": ("shipped", "自带"),
    "upload": ("Or upload a scenario (YAML, at most 1 MB)", "或上传场景文件（YAML，最大 1 MB）"),
    "download_yaml": ("Download YAML", "下载 YAML"), "save_here": ("Save in the folder", "保存到文件夹"),
    "save_help": ("As NAME.yaml in the folder the app was started in; never overwrites.", "以“名称.yaml”保存到启动时的文件夹，不会覆盖。"),
    "saved": ("{name} is saved.", "已保存 {name}。"),
    "exists": ("{name} exists already and is not overwritten. Give the scenario another name.", "{name} 已存在，不会覆盖。请换一个场景名称。"),
    "question": ("Question", "问题"), "people": ("People", "人群"), "ties": ("Who knows whom", "关系图"),
    "products": ("Products", "商品"), "events_model": ("Events and model", "事件与模型"),
    "decide_on": ("Decide on", "决策指标"), "goals": ("Goals that must be reached", "必须达到的目标"),
    "goals_help": ("A strategy that misses one is left out of the choice. In the units people use: money in currency, shares as 0.1.", "未达标的策略不参与选择。金额以货币单位计，比例写作 0.1。"),
    "at_least": ("{what}: goal", "{what}：目标"),
    "personas": ("Kinds of shopper (shares)", "人群构成（占比）"),
    "sum": ("The shares sum to {total}, they must sum to 1.", "占比合计为 {total}，须为 1。"),
    "make_one": ("Scale them to 1", "按比例调整为 1"),
    "arrival": ("How prospects register by themselves", "潜在用户如何自行注册"), "graph": ("Kind of graph", "关系图类型"),
    "own_products": ("My own products, from a file", "使用自己的商品文件"),
    "own_products_help": ("A CSV in the folder: id, price, unit_cost and more.", "文件夹中的 CSV：id, price, unit_cost 等列。"),
    "events": ("What befalls every strategy alike", "所有策略共同遭遇的事件"),
    "events_help": ("Seasons, stock-outs, outages, a rival's price cut: the control meets them too.", "季节、缺货、宕机、竞品降价：对照组同样遭遇。"),
    "new_event": ("A new event", "新事件"),
    "calendar": ("Festivals (name: days)", "节日日历（名称: 日期）"),
    "calendar_help": ("One a line; days count from the end of the burn-in. Strategies can run on them.", "每行一个，日期从预热期结束算起；策略可只在节日进行。"),
    "switches": ("Blocks of influence (off = no effect at all)", "影响机制开关（关闭即完全无作用）"),
    "params": ("Coefficients of the model", "模型系数"), "params_pick": ("Change these", "修改这些系数"),
    "source": ("Source", "来源"), "status": ("status", "可信度"),
    "analytics": ("How well the shop knows its members", "商家的用户分析能力"),
    # strategies
    "about_tactics": (
        "Every strategy meets the same worlds as the control (the shop as it is). Give each the same budget, or the biggest spender wins.",
        "每个策略与对照组（现状）遇到相同的世界。请给各策略相同的预算，否则花钱最多者胜。",
    ),
    "new_tactic": ("A new strategy", "新策略"), "no_strategies": ("No strategy yet: nothing to compare with the control.", "尚无策略，无可比较。"),
    "label": ("Label", "名称"), "duplicate": ("Duplicate", "复制"), "levers": ("Levers", "参数"), "when": ("When", "时间"),
    "whom": ("For whom", "对象"), "money": ("Money", "预算"), "conditions": ("Conditions", "条件"),
    "remove_tactic": ("Remove this tactic", "移除该战术"), "more": ("More", "更多"),
    "run_together": ("Run another tactic together with it", "同时运行另一个战术"), "add_tactic": ("Add tactic", "添加战术"),
    "shared_purse": ("One budget for all its tactics", "各战术共享一笔预算"),
    "evidence": ("Evidence", "证据"), "costs": ("Costs", "成本"), "backfires": ("Backfires", "反效果"),
    "grade_A": ("randomised field experiments", "随机实地实验"), "grade_B": ("quasi-experiments, structural estimates", "准实验或结构估计"),
    "grade_C": ("observational studies", "观察性研究"), "grade_D": ("practice only", "仅有实践经验"),
    "runs_days": ("Runs on days", "进行日期"), "runs_days_help": ("From the first to the day on which it is over; all the way to the right: to the end.", "从开始日到结束日（不含）；拉到最右为一直进行。"),
    "day_n": ("day {n}", "第 {n} 天"),
    # check
    "check": ("Check", "检查"), "is_sound": ("Sound.", "没有问题。"), "is_wrong": ("This must be mended first:", "请先修正："),
    "warnings": ("Warnings: {n}", "{n} 条提醒"), "n_people": ("People", "人数"), "n_runs": ("Runs", "运行次数"), "n_ties": ("Ties", "联系数"),
    "time": ("Time", "时间"), "memory": ("Memory", "内存"), "disk": ("Disk", "磁盘"),
    "rough": ("a rough guess until something has run here", "在本机运行过之前为粗略估计"),
    # answer
    "run": ("Run the comparison", "运行比较"),
    "replications": ("Replications", "重复次数"), "replications_help": ("More of them are surer, and extend the same folder.", "越多越有把握，并会补充到同一文件夹。"),
    "cancel": ("Cancel", "取消"), "resume": ("Go on", "继续"),
    "cancelled": ("Cancelled after {done} of {total} runs. What is done is kept; go on at any time.", "已在 {total} 次中的 {done} 次后取消。已完成的结果保留，可随时继续。"),
    "loading": ("Loading the model; the first time it is compiled, which takes a minute.", "正在加载模型；首次需编译，约一分钟。"),
    "progress": ("{done} of {total} runs{failed}{left}", "{total} 次运行已完成 {done} 次{failed}{left}"),
    "failed": (", {n} failed", "，失败 {n} 次"), "left": (", {time} left", "，剩余 {time}"),
    "first_answer": ("A first answer from {n} of {of} replications. The others are being run.", "这是 {of} 次重复中前 {n} 次的初步结论，其余正在运行。"),
    "done_in": ("{n} replications, {time}", "{n} 次重复，用时 {time}"), "busy": ("Other comparisons are running on this machine. Try again when one is done.", "本机正在运行其他比较，请稍后再试。"),
    "no_answer": ("No answer yet. Run the comparison, or open a results folder.", "尚无结论。请运行比较，或打开一个结果文件夹。"),
    "shown_folder": ("Results", "结果"), "stale": ("This answers another question than the scenario of the first two screens asks now.", "以下结论回答的问题与前两页当前的场景不同。"),
    "compare_with": ("Beside an earlier one", "与以前的结果并列"), "differs": ("What differs", "区别"), "same_question": ("The same question.", "同一问题。"),
    "download_report": ("Download the report", "下载报告"), "make_report": ("Make the report", "生成报告"),
    "report_help": ("One file that needs no network; for mail and meetings.", "单个离线文件，便于邮件与会议。"),
    "verdict": ("Verdict", "结论"), "over_time": ("Over time", "随时间变化"), "why": ("Why", "原因"), "who": ("For whom", "对谁有效"), "spread": ("Spread", "传播"), "cash": ("Money", "收支"),
    "robust": ("What would change it", "什么会改变结论"), "assumptions": ("Assumptions", "假设"), "method": ("Method", "方法"),
    "of_strategy": ("Strategy", "策略"), "not_there": ("This folder does not hold what this screen shows.", "该文件夹没有此页所需的数据。"),
    "working": ("Working it out ...", "正在计算……"), "measure": ("Measure", "指标"),
    "strategy": ("strategy", "策略"), "mean": ("mean", "均值"), "difference": ("difference", "差异"), "interval": ("95 % interval", "95 % 区间"), "p_best": ("probability best", "最优概率"),
    "gone_wrong": ("This did not work: {error}", "未能完成：{error}"),
    # watch
    "watch_about": ("One run of one strategy, day by day: people and who knows whom, what happened, and one shopper's life.", "逐日观察一次运行：人与关系、发生的事，以及一位用户的经历。"),
    "replication": ("Replication", "第几次重复"), "play_run": ("Write it down event by event", "逐事件记录"),
    "too_long": ("Too large to be watched: at most {most} people x days. Take fewer people or days.", "规模过大，无法观察：人数 × 天数最多 {most}。请减少人数或天数。"),
    "day": ("Day", "日"), "play": ("Play", "播放"), "community": ("Community around", "以谁为中心的社群"),
    "most_friends": ("the one with most ties", "联系最多者"), "most_busy": ("the one to whom most happens", "经历最多者"), "by_id": ("a shopper by her number", "指定编号的用户"),
    "shopper": ("Shopper", "用户"), "her_life": ("Her life", "她的经历"), "today": ("What happened on day {day}", "第 {day} 天发生的事"),
    "and_more": ("and {n} more", "以及另外 {n} 件"), "in_community": ("in this community", "在该社群中"), "pick_help": ("Click a person to follow her.", "点击某人以跟随她。"),
    "quiet_day": ("Nothing happened here on this day.", "这一天这里没有发生什么。"), "no_life": ("Nothing ever happened to her.", "她没有任何经历。"),
    "state": ("state", "状态"), "persona": ("kind", "人群"), "friends": ("friends", "好友"),
    "prospect": ("not registered", "未注册"), "member": ("member, not in the shop", "会员，未到访"), "visited": ("in the shop", "到访"), "bought": ("bought", "购买"), "left_shop": ("has left", "已流失"),
    # folders
    "folders_about": ("Every results folder under {folder}: comparisons, sweeps, studies. Only looked at, never changed.", "{folder} 下的所有结果文件夹：比较、参数扫描与研究。仅查看，不修改。"),
    "no_folders": ("There is no results folder here yet.", "这里还没有结果文件夹。"), "folder": ("Folder", "文件夹"),
    "kind_compare": ("comparison", "比较"), "kind_sweep": ("sweep of {n} points", "参数扫描，{n} 个点"), "kind_watch": ("a run, event by event", "逐事件的一次运行"), "kind_other": ("tables", "数据表"),
    "tables": ("Tables", "数据表"), "rows": ("{n} rows, the first {shown} shown", "共 {n} 行，显示前 {shown} 行"), "show_answer": ("Show its answer", "查看结论"),
    "unreadable": ("This folder cannot be read: {error}", "无法读取该文件夹：{error}"),
    "kind_calibration": ("calibration", "校准"), "check_passed": ("passed", "通过"), "coefficient": ("coefficient", "系数"), "median": ("median", "中位数"),
    "identified": ("identified", "可识别"), "too few data": ("too few data", "数据太少"), "not identified by your data": ("not identified by your data", "数据无法识别"),
    "fit": ("Passed its checks: fit for decisions.", "通过了检验，可用于决策。"),
    "unfit": ("Not fit for decisions: it failed its own checks.", "不可用于决策：未通过自身的检验。"),
    "robustness": ("How far the answer holds", "结论有多稳健"), "sensitivity": ("What matters most", "什么最重要"),
    "points": ("What wins at each point", "每个点的胜者"), "unfinished": ("Not finished: go on with it.", "尚未完成，可继续。"), "pictures": ("Figures", "图"),
    "outdated": ("Made by another version of the model (results version {n}): can be read, not added to.", "由其他版本的模型生成（结果版本 {n}）：可读，不可追加。"),
}  # fmt: skip

_VALUES_ZH: Final = {
    "social": "社交", "platform": "平台", "product": "商品", "personal": "个人", "psychological": "心理",
    "new": "新客", "active": "活跃", "silent": "沉默", "lapsed": "流失", "returned": "回流", "high_value": "高价值", "loyal": "忠诚",
    "lot": "随机", "risk": "流失风险", "intent": "购买意向", "spend": "累计消费", "constant": "恒定", "peak": "中段达峰",
    "age_band": "年龄段", "city_tier": "城市级别", "gender": "性别", "region": "地区", "degree": "好友数",
}  # fmt: skip


#: units that add nothing to a label
_SAID_ALREADY: Final = ("", "1", "yes/no", "names", "scores")


def text(key: str, lang: Lang) -> str:
    """A text of the app."""
    return _TEXT[key][lang == "zh"]


def keys() -> list[str]:
    """Names of all texts, for tests."""
    return list(_TEXT)


def label_of(field: FieldAbout, lang: Lang) -> str:
    """What a field is called on a form: its name in words; in Chinese what it is, up to the first stop."""
    if lang == "zh" and field.zh:
        said = field.zh
        for stop in "；。：（，":
            said = said.partition(stop)[0] or said
    else:
        name = field.name.replace("_", " ")
        said = name[:1].upper() + name[1:]
    if field.unit in _SAID_ALREADY or field.unit in said.lower():
        return said
    return f"{said}（{UNITS_ZH.get(field.unit, field.unit)}）" if lang == "zh" else f"{said} ({field.unit})"


def value_name(value: str, lang: Lang) -> str:
    """A value somebody chooses, in words."""
    from sim.demographics import DEMOGRAPHICS
    from sim.population import PERSONAS
    from sim.strategies.timing import METRICS

    if value in PERSONAS:
        return persona_text(value, lang)
    if value in METRICS:
        return METRICS[value].zh if lang == "zh" else METRICS[value].meaning
    for known in DEMOGRAPHICS.values():
        if value in known and lang == "zh":
            return known[value].zh
    return _VALUES_ZH.get(value, value) if lang == "zh" else value.replace("_", " ")


def persona_text(name: str, lang: Lang) -> str:
    """A kind of shopper in words."""
    from sim.population import PERSONAS

    return PERSONAS[name].zh if lang == "zh" else name.replace("_", " ")


def measure_text(name: str, lang: Lang) -> str:
    """A measure, or a goal (money without `_cents`), in words."""
    from sim.metrics import MEASURES

    found = MEASURES.get(name) or MEASURES.get(f"{name}_cents")
    return name if found is None else found.zh if lang == "zh" else found.label


def kind_text(kind: Any, lang: Lang) -> str:
    """A kind of graph, event or arrival rule in one sentence."""
    chinese = str(getattr(kind, "title_zh", None) or "")
    if lang == "zh" and chinese:
        return chinese
    return _first_sentence(kind).rstrip(".")


class TacticText(NamedTuple):
    """What is said of a tactic."""

    title: str
    summary: str
    costs: str
    backfires: str
    grade: str


def tactic_text(tactic: Any, lang: Lang) -> TacticText:
    """What a tactic is, costs and how it hurts; English where somebody's package has no Chinese."""
    kind = str(tactic.model_fields["kind"].default)
    english = TacticText(
        kind.replace("_", " ").capitalize(), _first_sentence(tactic), tactic.costs, tactic.backfires, tactic.grade
    )
    if lang == "en":
        return english
    return TacticText(
        tactic.title_zh or english.title, tactic.about_zh or english.summary, tactic.costs_zh or english.costs,
        tactic.backfires_zh or english.backfires, tactic.grade,
    )  # fmt: skip


def _first_sentence(kind: Any) -> str:
    """The first sentence of what a class says of itself, on one line."""
    return " ".join(inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0].split())
