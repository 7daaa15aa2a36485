"""Invented people: names, ID numbers with a true check digit, phones; the same seed makes the same people."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金"
    "陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_MEN = (
    "伟 强 磊 军 勇 杰 涛 超 明 刚 平 辉 鹏 华 飞 斌 波 宇 浩 凯 健 俊 帆 旭 宁 龙 林 浩然 子豪 "
    "宇轩 俊杰 浩宇 文博 志强 建国 建华 永刚 德胜 晓东 国庆 文斌 明轩 家豪 天佑 立新 志明 思远 成龙 海涛 "
    "振华 少华 新宇 一鸣 嘉伟 泽宇 承志 远航 景行 云飞"
)
_WOMEN = (
    "芳 娜 敏 静 丽 艳 娟 霞 秀英 玲 桂英 丹 萍 红 玉兰 洁 莉 梅 雪 倩 慧 颖 琳 欣然 雨桐 晓彤 梦洁 "
    "思琪 佳怡 诗涵 春燕 永红 婷婷 晓燕 雅琴 文静 子涵 若曦 语嫣 可欣 美玲 淑芬 海燕 丽华 晨曦 依诺 心怡 "
    "雨薇 静怡 佳宁"
)
GIVEN_OF_MEN, GIVEN_OF_WOMEN = _MEN.split(), _WOMEN.split()

# Administrative codes of places that the cases lie in; the sequence numbers are invented.
REGIONS = ("520102", "520103", "511102", "500103", "500112", "500116", "430102", "430104", "430111", "330602")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"


@dataclass(frozen=True)
class Person:
    """Somebody who does not exist."""

    name: str
    gender: str  # "M" or "F"
    id_number: str
    phone: str


def id_number(region: str, born: date, sequence: int) -> str:
    """Return an 18-digit ID number with its check digit (GB 11643); an odd sequence is a man's."""
    body = f"{region}{born:%Y%m%d}{sequence:03}"
    return body + _CHECK[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


def people(seed: str, *, born_from: date, born_to: date, women: float = 0.3) -> Iterator[Person]:
    """Yield people without end, none twice within a seed; the seed also parts their numbers from other seeds'."""
    source = random.Random(seed)  # noqa: S311
    days = (born_to - born_from).days
    taken: set[str] = set()
    while True:
        woman = source.random() < women
        born = born_from + timedelta(days=source.randrange(days + 1))
        sequence = source.randrange(0, 500) * 2 + (0 if woman else 1)
        number = id_number(source.choice(REGIONS), born, sequence)
        if number in taken:
            continue
        taken.add(number)
        given = source.choice(GIVEN_OF_WOMEN if woman else GIVEN_OF_MEN)
        # 170 is a virtual operator's range; no number of it is asked for or called.
        phone = f"170{source.randrange(10**8):08}"
        yield Person(source.choice(SURNAMES) + given, "F" if woman else "M", number, phone)
