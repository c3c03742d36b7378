#!/bin/bash
# Runs inside the machine of packaging/debian/test-systemd.sh, as a unit of it: what is checked is said on the serial
# console in lines that begin with "@@". The machine is started twice: the second time it finds the register running.
set -uo pipefail
export LANG=C.UTF-8 HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin

password=deb-test-2026-window
url=http://127.0.0.1:8090

say() { printf '@@ %s\n' "$*" >/dev/ttyS0; }
ok() { say "ok   $*"; }
fail() {
    say "not so: $*"
    { systemctl status --no-pager --full prikrepd; journalctl --no-pager -n 40 -u prikrepd; dmesg | tail -n 5; } >/dev/ttyS0 2>&1
    systemctl poweroff
    exit 1
}

as_service() { runuser -u prikrepd -- "$@"; }
of_unit() { systemctl show -P "$1" prikrepd; }
healthy() { [ "$(curl -sf --max-time 60 $url/healthz)" = ok ]; }
accounts() { as_service prikrepd user list --json | grep -c '"login": "anna"'; }
held() { as_service prikrepd status --json | sed -n 's/.*"applications": *\([0-9]*\).*/\1/p' | head -n 1; }
# Waits, SECONDS at most, for a command to succeed.
within() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.5
    done
}
restarted() { [ "$(of_unit NRestarts)" -gt "$1" ] && [ "$(of_unit ActiveState)" = active ] && healthy; }
upgraded() { [ "$(of_unit MainPID)" != "$1" ] && [ "$(of_unit ActiveState)" = active ] && healthy; }
whole() { [ "$(accounts)" = 1 ] && [ "$(held)" = "$pulled" ]; }

first_boot() {
    local before started
    started=$(date +%s%N)
    dpkg -i /root/prikrepd.deb >/root/dpkg.log 2>&1 || { cat /root/dpkg.log >/dev/ttyS0; fail "dpkg installs prikrepd"; }
    [ "$(of_unit ActiveState) $(of_unit SubState) $(of_unit Type)" = "active running notify" ] || fail "the service runs after its installation"
    healthy || fail "/healthz answers as soon as the installation has ended"
    ok "dpkg -i starts it, Type=notify, listening after $((($(date +%s%N) - started) / 1000000)) ms"

    systemctl status --no-pager prikrepd | grep -q 'Status: "http://127.0.0.1:8090: заявлений 0' || fail "systemctl status has its line"
    ok "systemctl status: $(of_unit StatusText)"
    journalctl -u prikrepd | grep -q 'listening on http://127.0.0.1:8090' || fail "journalctl has the first line"
    journalctl -u prikrepd -o cat | grep -q '"message":"the register serves"' || fail "journalctl has the log"
    ok "journalctl -u prikrepd has the log"

    # There is no program that shows manuals here.
    systemd-analyze verify --man=no prikrepd.service >/root/verify.log 2>&1 || fail "systemd-analyze verify: $(cat /root/verify.log)"
    ! grep prikrepd /root/verify.log || fail "systemd-analyze verify has nothing to say: $(cat /root/verify.log)"
    ok "systemd-analyze verify has nothing to say; $(systemd-analyze security --no-pager prikrepd | tail -n 1 | sed 's/^[^A-Za-z]*//')"

    systemd-run --quiet --unit=gateway /usr/bin/prikrep-simulator --listen 127.0.0.1:9000 --applications 500 --organizations 2 --seed 1
    printf simulator | install -o prikrepd -g prikrepd -m 0600 /dev/stdin /etc/prikrep/upstream.password
    printf '[upstream]\nurl = "http://127.0.0.1:9000"\nlogin = "region-22"\npassword_file = "/etc/prikrep/upstream.password"\n' \
        >>/etc/prikrep/prikrepd.toml
    systemctl restart prikrepd || fail "systemctl restart"
    within 300 as_service prikrepd pull >/dev/null || fail "prikrepd pull"
    printf '%s\n' "$password" | as_service prikrepd user add anna --role registrar --name 'Иванова Анна' \
        --organization 1.2.643.5.1.13.13.12.2.22.2001 >/dev/null || fail "prikrepd user add"
    pulled=$(held)
    echo "$pulled" >/root/pulled
    [ "$pulled" -gt 100 ] || fail "there are applications: $pulled"
    whole || fail "accounts and applications are there"
    ok "in its sandbox it pulls ($pulled applications) and takes an account"

    as_service prikrepd backup /var/lib/prikrep/copy >/dev/null || fail "prikrepd backup"
    printf '%s\n' "$password" | as_service prikrepd user add later --role viewer --name 'Позже' \
        --organization 1.2.643.5.1.13.13.12.2.22.2001 >/dev/null || fail "another account"
    systemctl stop prikrepd
    as_service prikrepd restore /var/lib/prikrep/copy >/dev/null || fail "prikrepd restore"
    systemctl start prikrepd || fail "it starts after a restore"
    [ "$(accounts)" = 1 ] || fail "what was backed up is there"
    ! as_service prikrepd user list | grep -q later || fail "what came later is not"
    within 300 as_service prikrepd pull >/dev/null || fail "prikrepd pull after a restore"
    whole || fail "the applications came again"
    rm /var/lib/prikrep/copy
    ok "backup and restore"

    before=$(of_unit NRestarts)
    systemctl kill --kill-whom=main --signal=KILL prikrepd
    within 300 restarted "$before" || fail "it is restarted after SIGKILL"
    whole || fail "everything is there after SIGKILL"
    ok "SIGKILL: restarted, everything is there"

    before=$(of_unit NRestarts)
    started=$SECONDS
    systemctl kill --kill-whom=main --signal=STOP prikrepd
    within 400 restarted "$before" || fail "it is restarted by the watchdog"
    journalctl -u prikrepd -o cat | grep -q 'Watchdog timeout' || fail "the journal names the watchdog"
    whole || fail "everything is there after the watchdog"
    ! find / -xdev -name 'core*' -newer /root/pulled -size +1M -not -path '/proc/*' | grep -q . || fail "no memory is written to the disk"
    ok "SIGSTOP: the watchdog restarts it after $((SECONDS - started)) s, everything is there, no core file"

    before=$(of_unit MainPID)
    dpkg --force-confold -i /root/prikrepd-higher.deb >/root/dpkg.log 2>&1 || fail "dpkg upgrades prikrepd"
    within 300 upgraded "$before" || fail "an upgrade restarts it"
    whole || fail "everything is there after an upgrade"
    ok "an upgrade restarts it, everything is there"

    started=$(date +%s%N)
    systemctl stop prikrepd
    [ "$(of_unit Result) $(of_unit ExecMainStatus) $(of_unit ActiveState)" = "success 0 inactive" ] || fail "a stop is clean: $(of_unit Result)"
    journalctl -u prikrepd -o cat | grep -q 'the register has stopped' || fail "it said that it has stopped"
    ok "systemctl stop is clean, in $((($(date +%s%N) - started) / 1000000)) ms"

    systemctl start prikrepd
    touch /root/second
    sync
    systemctl reboot
}

second_boot() {
    pulled=$(cat /root/pulled)
    within 300 healthy || fail "it is started with the machine"
    [ "$(of_unit ActiveState)" = active ] || fail "it is active after a reboot"
    whole || fail "everything is there after a reboot"
    journalctl -b -1 -u prikrepd -o cat | grep -q 'the register has stopped' || fail "the shutdown stopped it cleanly"
    ok "a reboot stops it cleanly and starts it again, everything is there"
    say "done"
    systemctl poweroff
}

[ -e /root/second ] && second_boot || first_boot
