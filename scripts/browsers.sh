#!/bin/sh
# Make sure that browsers are there for the tests: `sh scripts/browsers.sh chromium firefox webkit`.
# Installs Debian's packages where it may; otherwise says which are missing, and exits with 1.
has() {
    for program; do
        if command -v "$program" >/dev/null 2>&1; then return 0; fi
    done
    return 1
}

missing=
need() { # package, programs of which one is enough
    package=$1
    shift
    has "$@" || missing="$missing $package"
}

for browser; do
    case $browser in
        chromium) need chromium "${CHROMIUM:-chromium}" chromium-browser google-chrome google-chrome-stable ;;
        firefox) need firefox-esr "${FIREFOX:-firefox-esr}" firefox ;;
        webkit) # Safari's engine in a window of its own, driven by X's mouse and keyboard
            need webkit2gtk-driver WebKitWebDriver
            need xvfb Xvfb
            need xdotool xdotool
            need matchbox-window-manager matchbox-window-manager
            ;;
        *)
            echo "No browser is called $browser; there are chromium, firefox and webkit." >&2
            exit 2
            ;;
    esac
done
[ -z "$missing" ] && exit 0

sudo=
[ "$(id -u)" = 0 ] || sudo="sudo -n"
if has apt-get && $sudo true 2>/dev/null; then
    $sudo apt-get update -qq &&
        $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null && exit 0
fi
echo "Browsers for the tests are missing. Install, as root or with your package manager:$missing" >&2
exit 1
