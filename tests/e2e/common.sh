# What the end-to-end tests share. Sourced by their `run`, with the repository as working directory.
#
# GATEWAY names the binary under test; it is built (debug) if GATEWAY is unset.
# A program that is missing is installed (Debian, as root or with sudo). Where that is not possible the test fails if CI=true, and is
# skipped otherwise.

target=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")
mkdir -p "$target"
# nginx is not on every user's PATH.
export PATH=$PATH:/usr/sbin

# need PROGRAM=PACKAGE...
need() {
    if have "$@"; then return 0; fi
    if [ "${CI:-}" = true ]; then
        echo "FAILED: missing and not installable: ${missing[*]}" >&2
        exit 1
    fi
    echo "SKIPPED: missing: ${missing[*]} (Debian: apt-get install ${packages[*]})" >&2
    exit 0
}

# have PROGRAM=PACKAGE...: installs what is missing. Returns 1 if that is not possible, with the names in $missing and $packages.
have() {
    local pair
    missing=() packages=()
    for pair in "$@"; do
        if ! is_installed "${pair%%=*}"; then
            missing+=("${pair%%=*}")
            packages+=("${pair#*=}")
        fi
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    # One installation at a time.
    (flock 9 && install_packages "${packages[@]}") 9> "$target/install.lock"
}

is_installed() {
    case $1 in
        # Debian keeps the module that creates virtual environments in a package of its own.
        python3-venv) python3 -c 'import ensurepip' 2> /dev/null ;;
        # Nor are the extensions of PHP programs of their own.
        php-soap) php -m 2> /dev/null | grep --quiet --line-regexp soap ;;
        # Files are libraries.
        /*) [ -e "$1" ] ;;
        *) command -v "$1" > /dev/null ;;
    esac
}

install_packages() {
    command -v apt-get > /dev/null || return 1
    local as_root=()
    if [ "$(id -u)" != 0 ]; then
        sudo --non-interactive true 2> /dev/null || return 1
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update --quiet &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "$@"
}

# python_environment FOLDER REQUIREMENTS: a virtual environment with these packages; sets $python to its interpreter.
python_environment() {
    python=$1/bin/python
    if ! cmp --silent "$2" "$1/requirements.txt"; then
        rm -rf "$1"
        python3 -m venv "$1"
        "$python" -m pip install --quiet --disable-pip-version-check --requirement "$2"
        # Last, so that an installation that broke off is repeated.
        cp "$2" "$1/requirements.txt"
    fi
}

# npm_packages FOLDER: the packages of the package-lock.json in it.
npm_packages() {
    if ! cmp --silent "$1/package-lock.json" "$1/installed.json"; then
        npm ci --prefix "$1" --silent --no-audit --no-fund --ignore-scripts
        # Last, so that an installation that broke off is repeated.
        cp "$1/package-lock.json" "$1/installed.json"
    fi
}

# Sets and exports $GATEWAY, an absolute path.
build_gateway() {
    if [ -z "${GATEWAY:-}" ]; then
        cargo build --quiet --locked
        GATEWAY=$target/debug/ips-gateway
    fi
    GATEWAY=$(realpath "$GATEWAY")
    export GATEWAY
}
