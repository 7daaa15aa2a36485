"""Invented people in real structures, loaded at the first start."""

from __future__ import annotations

# One password for all who sign in to the demo; it stands in the README and is no secret.
PASSWORD = "peixun-demo-2026"  # noqa: S105

# Role, user name, password: what the README and `python run.py` show.
SIGN_INS: list[tuple[str, str, str]] = [
    ("平台管理员 · Operator's administrator", "admin", PASSWORD),
    ("学院管理员 · College administrator (湖南工业)", "hngy-admin", PASSWORD),
    ("项目管理 · Programme staff (湖南工业)", "liwenjing", PASSWORD),
    ("二级学院 · Department staff (机械工程学院)", "guoying", PASSWORD),
    ("校内导师 · School teacher (湖南工业)", "chenli", PASSWORD),
    ("辅导员 · College counsellor (湖南工业)", "songyaqin", PASSWORD),
    ("企业协调人 · Enterprise coordinator (蓝思科技)", "luoqian", PASSWORD),
    ("企业导师 · Enterprise mentor (蓝思科技)", "zhoujianguo", PASSWORD),
    ("学员 · Trainee (蓝思学徒班)", "penghaoran", PASSWORD),
    ("第三方评价 · Outside assessor", "guyuan", PASSWORD),
    ("项目管理 · Programme staff (贵州轻工)", "hezhiming", PASSWORD),
    ("项目管理 · Programme staff (重庆五一)", "tanxiaofeng", PASSWORD),
    ("项目管理 · Programme staff (乐山职院)", "leichengzhi", PASSWORD),
    ("项目管理 · Programme staff (浙江工业)", "shenjiayi", PASSWORD),
]

# A mentor who has no account opens this address on a phone and types the code; it is good once, then a new one is
# given by the coordinator.
LINK_TOKEN = "lansi-demo-2026-personal-link"  # noqa: S105
LINK_CODE = "246810"
BY_LINK = (
    "企业导师（无账号，个人链接） · Mentor without an account, by personal link (蓝思科技)",
    f"/link/{LINK_TOKEN}",
    LINK_CODE,
)
