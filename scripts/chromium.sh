#!/bin/sh
# Make sure that a Chromium is there for the end-to-end tests; install the system's if that is possible.
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
[ -n "$CHROMIUM" ] && [ -x "$CHROMIUM" ] && exit 0
sudo=
[ "$(id -u)" = 0 ] || sudo="sudo -n"
if command -v apt-get >/dev/null 2>&1 && $sudo true 2>/dev/null; then
    $sudo apt-get update -qq && $sudo apt-get install -y -qq chromium >/dev/null && exit 0
fi
echo "Chromium is missing: install it with your package manager, or set CHROMIUM=/path/to/chromium." >&2
exit 1
