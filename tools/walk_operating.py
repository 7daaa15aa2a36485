"""Types what docs/operating.md says into a bare Debian: `python3 tools/walk_operating.py FOLDER [--mirror URL]`.

As root on Debian or Ubuntu, with `debootstrap`. FOLDER gets the new Debian (kept afterwards; delete it by hand), and
every line of the sections below is typed there as it stands, in namespaces of its own, so that nothing outlives the
walk. What no chroot has is stood in for: `systemctl` reads our units and starts what they say as their user (the
hardening lines are only read by `systemd-analyze verify`), and the questions of commands are answered. After each
section the installation is looked at from outside, through nginx. Ends with 1 at the first line that fails.
"""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME, PASSWORD = "train.college.test", "kilnotter47lathe"

PRELUDE = r"""set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mkdir -p /run/lock
note() { printf '\n[%3d s] %s\n' $SECONDS "$*"; }
psql_rows() { runuser -u postgres -- psql -Atc 'SELECT count(*) FROM user_account' trainmgr_restored | grep -qx 1; }"""
# What the walk needs besides what the page says, fetched while there is a network.
LOOKING = "apt-get install --yes curl systemd > /dev/null"
# The port may have been taken by a database of this machine when the packages were installed.
DATABASE = r"""install -d -o postgres -g postgres /run/postgresql
sed -i 's/^port = .*/port = 5432/' /etc/postgresql/*/main/postgresql.conf
service postgresql start
cd /opt/trainmgr"""
ANSWERS = {
    "runuser -u postgres -- createuser": f"{PASSWORD}\n{PASSWORD}\n",
    "trainmgr create-administrator": "chenjing\n陈静\n",
}
SHIM = r'''#!/usr/bin/python3
"""Stands in for systemctl where no systemd runs: starts what a unit says, as its user."""
import os, pathlib, pwd, re, shlex, signal, subprocess, sys, time

words = [word for word in sys.argv[1:] if not word.startswith("--")]
verb, units = words[0], words[1:]


def lines(unit):
    text = pathlib.Path(f"/etc/systemd/system/{unit}.service").read_text()
    return [line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#")]


def of(unit, key):
    return [value for name, value in lines(unit) if name == key]


def start(unit):
    user, environment = pwd.getpwnam(of(unit, "User")[0]), {"PATH": "/usr/bin:/bin", "HOME": "/var/lib/trainmgr"}
    for place in of(unit, "EnvironmentFile"):
        kept = [line for line in pathlib.Path(place).read_text().splitlines() if line[:1] not in ("", "#")]
        environment |= dict(line.split("=", 1) for line in kept)
    environment |= dict(value.split("=", 1) for value in of(unit, "Environment"))
    for name in of(unit, "RuntimeDirectory"):
        subprocess.run(["rm", "-rf", f"/run/{name}"], check=True)
        os.makedirs(f"/run/{name}")
        os.chown(f"/run/{name}", user.pw_uid, user.pw_gid)
    how = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "env": environment, "umask": 0o077,
           "cwd": of(unit, "WorkingDirectory")[0]}
    for command in of(unit, "ExecStartPre"):
        subprocess.run(shlex.split(command), check=True, **how)
    log = open(f"/var/log/{unit}.log", "ab")
    process = subprocess.Popen(shlex.split(of(unit, "ExecStart")[0].replace("%%", "%")), stdout=log, stderr=log,
                               stdin=subprocess.DEVNULL, start_new_session=True, **how)
    pathlib.Path(f"/run/{unit}.pid").write_text(str(process.pid))


def stop(unit):
    place = pathlib.Path(f"/run/{unit}.pid")
    if not place.exists():
        return
    pid = int(place.read_text())
    os.kill(pid, signal.SIGTERM)
    for _ in range(600):
        if not os.path.exists(f"/proc/{pid}") or " Z " in pathlib.Path(f"/proc/{pid}/stat").read_text():
            break
        time.sleep(0.1)
    else:
        sys.exit(f"{unit} did not stop within a minute")
    place.unlink()


if verb == "daemon-reload":
    found = sorted(str(path) for path in pathlib.Path("/etc/systemd/system").glob("trainmgr*"))
    sys.exit(subprocess.run(["systemd-analyze", "verify", *found]).returncode)
for unit in units:
    if unit == "nginx":
        running = subprocess.run(["pidof", "nginx"], capture_output=True).returncode == 0
        subprocess.run(["nginx", *(["-s", "reload"] if running else [])], check=True)
    elif unit.endswith(".timer"):
        subprocess.run(["systemd-analyze", "verify", f"/etc/systemd/system/{unit}"], check=True)
        when = re.findall(r"OnCalendar=(.*)", pathlib.Path(f"/etc/systemd/system/{unit}").read_text())
        subprocess.run(["systemd-analyze", "calendar", *when], check=True)
    elif verb == "status":
        pid = pathlib.Path(f"/run/{unit}.pid").read_text()
        sys.exit(f"{unit} is not running") if not os.path.exists(f"/proc/{pid}") else print(f"{unit} runs")
    else:
        if verb in ("stop", "restart"):
            stop(unit)
        if verb in ("start", "restart", "enable"):
            start(unit)
'''
# What is looked at after a line that begins so, from outside of the program.
PATIENT = "--silent --retry 900 --retry-delay 1 --retry-all-errors"
AT = f"--resolve {NAME}:443:127.0.0.1 --resolve {NAME}:80:127.0.0.1"
BROWSE = f"curl {PATIENT} --show-error --fail --cacert /etc/ssl/trainmgr/fullchain.pem {AT}"
CODE = "-o /dev/null -w '%{http_code}'"
LOOKS = {
    "systemctl status": [f"curl {PATIENT} --fail http://127.0.0.1:5000/readyz"],
    "systemctl reload nginx": [
        f"{BROWSE} https://{NAME}/healthz",
        f"test $({BROWSE} -o /dev/null -w '%{{redirect_url}}' http://{NAME}/sign-in) = https://{NAME}/sign-in",
        f"{BROWSE} https://{NAME}/sign-in | grep -q csrf_token",
        f"{BROWSE} -o /dev/null -D - https://{NAME}/sign-in | grep -i 'strict-transport-security'",
        f"{BROWSE} -o /dev/null -D - https://{NAME}/sign-in | grep -i 'set-cookie: __Host-trainmgr=.*Secure'",
        f"test $(curl --silent --insecure {CODE} {AT} https://{NAME}/metrics) = 404",
    ],
    "systemctl enable --now trainmgr-backup.timer": [
        "systemctl start trainmgr-backup",
        "for i in $(seq 900); do ls /var/backups/trainmgr/trainmgr-*.backup 2>/dev/null && break; sleep 1; done",
    ],
    "systemctl start trainmgr-web": [f"{BROWSE} https://{NAME}/healthz", "psql_rows"],
    "systemctl restart trainmgr-web": [f"{BROWSE} https://{NAME}/healthz"],
}


def blocks_of(text: str) -> list[list[str]]:
    """Return the commands of the sections that are walked, block by block."""
    found = []
    for title in ("From a bare Debian server", "Backup and restore", "Upgrade"):
        part = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, flags=re.DOTALL | re.MULTILINE)
        assert part, title
        for piece in part[1].split("```")[1::2]:
            commands = [line.split("  #")[0].rstrip() for line in piece.splitlines()]
            found.append([line for line in commands if line])
    return found


def script(blocks: list[list[str]], *, before: str = "", after: str = "") -> str:
    """Return some blocks as one shell script, with what the walk itself needs before and after them."""
    lines = [PRELUDE, before]
    for commands in blocks:
        for command in commands:
            typed = command.replace("ADDRESS", "file:///srv/trainmgr.git").replace("YOUR-NAME", NAME)
            typed = typed.replace("THE-ONE-JUST-GIVEN", PASSWORD)
            lines.append(f"note {shlex.quote(typed)}")
            typed = typed.replace(
                "PUBLIC-KEY", "'\"$(cat /tmp/public)\"'" if "sed" in typed else '"$(cat /tmp/public)"'
            )
            answer = next((text for start, text in ANSWERS.items() if typed.startswith(start)), "")
            if answer:
                lines.append(f"printf %s {shlex.quote(answer)} | setsid --wait {typed}")
            elif "backup-key" in typed:
                lines.append(f"{typed} | tee /tmp/public; cp /tmp/public /root/public")
            else:
                lines.append(typed)
            for start, looks in LOOKS.items():
                if typed.startswith(start):
                    lines += [
                        part for look in looks for part in (f"note '  look:' {shlex.quote(look)}", look)
                    ]
    return "\n".join([*lines, after]) + "\n"


def bring_debian(folder: Path, mirror: str) -> None:
    """Put a bare Debian 12 into the folder, with the repository to clone and the stand-in for systemctl."""
    if not (folder / "usr/bin/apt-get").exists():
        subprocess.run(["debootstrap", "bookworm", folder, mirror], check=True)
    for place in ("/etc/resolv.conf", "/etc/pip.conf"):
        if Path(place).exists():
            shutil.copy(place, folder / place[1:])
    shutil.rmtree(folder / "srv/trainmgr.git", ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", "--bare", ROOT, folder / "srv/trainmgr.git"], check=True)
    shim = folder / "usr/local/sbin/systemctl"
    shim.write_text(SHIM, encoding="utf-8")
    shim.chmod(0o755)


def walk(folder: Path, name: str, text: str, *, offline: bool) -> None:
    """Run one script in the new Debian, where it can neither see nor leave processes, and offline has no network."""
    (folder / "root" / name).write_text(text, encoding="utf-8")
    inner = (
        f"{'ip link set lo up; ' if offline else ''}exec chroot {shlex.quote(str(folder))} bash /root/{name}"
    )
    kinds = ["--mount", "--pid", "--fork", "--ipc", *(["--net"] if offline else [])]
    subprocess.run(["unshare", *kinds, "sh", "-c", inner], check=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mirror", default="http://deb.debian.org/debian")
    options = parser.parse_args(arguments)
    begun = time.monotonic()
    folder = options.folder.resolve()
    blocks = blocks_of((ROOT / "docs/operating.md").read_text(encoding="utf-8"))
    try:
        bring_debian(folder, options.mirror)
        print(f"A bare Debian stands in {folder} after {time.monotonic() - begun:.0f} s.", flush=True)
        walk(folder, "fetching.sh", script(blocks[:1], after=LOOKING), offline=False)
        walk(folder, "walking.sh", script(blocks[1:], before=DATABASE), offline=True)
    except subprocess.CalledProcessError as error:
        print(f"\nStumbled: {error}", file=sys.stderr)
        return 1
    print(f"\nWalked to the end in {time.monotonic() - begun:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
