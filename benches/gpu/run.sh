#!/usr/bin/env bash
# Runs the bench that pack.py packed: see --help.
set -euo pipefail

usage='Runs the packed bench on this machine and keeps what it says.

  bash run.sh [--device NAME] [RESULTS]

  --device NAME  cpu, cuda or cuda:N [default: cuda:0]
  RESULTS        the folder for log.txt and devices.json [default: what the variable OUT says]

The pieces of pack.py and whole.sha256 lie beside this script, and are unpacked there, once. On a
GPU it takes a driver that knows CUDA 13 (580 or newer) and CUDA 13'\''s libraries: where the loader
looks, in the packages nvidia-* of Python, or in /usr/local/cuda*. Beyond that bash, coreutils, and
either tar with xz or Python 3 with lzma.

Exit codes: 0 done, 1 an answer is wrong or the device is not to be had, 2 something is missing.'

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
unpacked=$here/unpacked

# The provider's own needs, and where to get each.
needed='libcudart.so.13 nvidia-cuda-runtime
libcublas.so.13 nvidia-cublas
libcublasLt.so.13 nvidia-cublas
libcurand.so.10 nvidia-curand'
# Opened when a model has something for them: convolutions, for one, ask for cuDNN.
wanted='libcudnn.so.9 nvidia-cudnn-cu13
libcufft.so.12 nvidia-cufft
libnvrtc.so.13 nvidia-cuda-nvrtc'

say() { printf 'run.sh: %s\n' "$*"; }

fail() {
    say "$@" >&2
    exit 2
}

has() { command -v "$1" >/dev/null 2>&1; }

main() {
    say "$(uname -sr) on $(uname -m), $(getconf GNU_LIBC_VERSION 2>/dev/null || echo 'no GNU C library')"
    unpack
    if [[ $device != cpu ]]; then
        show_gpu
        find_libraries
    fi
    say "the bench, on $device"
    "$unpacked/bin/devices" --bench --device "$device" --json "$results/devices.json" \
        --library "$unpacked/lib/libonnxruntime.so" --models "$unpacked/models"
}

# Joins the pieces, once: what is unpacked says from which whole it came.
unpack() {
    [[ -f $here/whole.sha256 ]] || fail "$here/whole.sha256 is not there; copy it from target/gpu"
    local expected got
    expected=$(<"$here/whole.sha256")
    if [[ -f $unpacked/whole.sha256 && $(<"$unpacked/whole.sha256") == "$expected" ]]; then
        return
    fi
    compgen -G "$here/piece-*" >/dev/null || fail "no piece-* in $here; copy them from target/gpu"
    has sha256sum || fail 'sha256sum not found; it is one of coreutils'
    got=$(cat "$here"/piece-* | sha256sum)
    [[ ${got%% *} == "$expected" ]] ||
        fail "the pieces in $here do not make the whole: one is missing, too many or damaged"
    say "unpacking $(cd "$here" && echo piece-*)"
    rm -rf "$unpacked"
    mkdir -p "$unpacked"
    if has tar && has xz; then
        cat "$here"/piece-* | xz --decompress | tar --extract --directory "$unpacked"
    elif has python3 && python3 -c 'import lzma' 2>/dev/null; then
        cat "$here"/piece-* | python3 -c 'import sys, tarfile
with tarfile.open(fileobj=sys.stdin.buffer, mode="r|xz") as archive:
    archive.extractall(sys.argv[1])' "$unpacked"
    else
        fail 'neither tar with xz nor Python 3 with lzma; one of them is needed to unpack'
    fi
    cp "$here/whole.sha256" "$unpacked/whole.sha256"
}

show_gpu() {
    if has nvidia-smi; then
        nvidia-smi || say 'nvidia-smi fails: the driver does not see a GPU'
    else
        say 'no nvidia-smi here, so nothing is known of the GPU'
    fi
}

# Puts the folders of CUDA's libraries on the loader's path.
find_libraries() {
    on_path libcuda.so.1 ||
        add_folder_of libcuda.so.1 /usr/local/nvidia/lib64 /usr/lib/wsl/lib ||
        fail 'libcuda.so.1 not found: the NVIDIA driver is not installed, or not let into the container'
    local folders=() name package missing=()
    mapfile -t folders < <(library_folders)
    while read -r name package; do
        on_path "$name" || add_folder_of "$name" "${folders[@]}" ||
            missing+=("$name (package $package)")
    done <<<"$needed"
    if ((${#missing[@]})); then
        printf 'run.sh: not found: %s\n' "${missing[@]}" >&2
        fail 'install CUDA 13, or those packages with pip, or add their folder to LD_LIBRARY_PATH'
    fi
    while read -r name package; do
        on_path "$name" || add_folder_of "$name" "${folders[@]}" ||
            say "no $name (package $package): a model that needs it will fail"
    done <<<"$wanted"
    say "LD_LIBRARY_PATH=${LD_LIBRARY_PATH-}"
}

# Folders that may hold CUDA's libraries though the loader does not look there.
library_folders() {
    if has python3; then
        python3 - <<'PYTHON'
import glob, site, sys
places = dict.fromkeys([*sys.path, *site.getsitepackages(), site.getusersitepackages()])
for place in filter(None, places):
    print(*glob.glob(f"{glob.escape(place)}/nvidia/**/lib", recursive=True), sep="\n")
PYTHON
    fi
    printf '%s\n' /usr/local/cuda*/lib64 /usr/local/cuda*/targets/x86_64-linux/lib
}

# Whether the loader finds a library by its name.
on_path() {
    local folder folders=()
    IFS=: read -ra folders <<<"${LD_LIBRARY_PATH-}"
    for folder in "${folders[@]}"; do
        [[ -n $folder && -e $folder/$1 ]] && return
    done
    PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null | grep "[[:space:]]$1 .*x86-64" >/dev/null
}

# Puts the first of these folders that has the library on the loader's path.
add_folder_of() {
    local name=$1 folder
    shift
    for folder; do
        if [[ -n $folder && -e $folder/$name ]]; then
            export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$folder
            return
        fi
    done
    return 1
}

device=cuda:0
results=${OUT-}
while (($#)); do
    case $1 in
        --help | -h)
            echo "$usage"
            exit
            ;;
        --device)
            (($# > 1)) || fail '--device needs cpu, cuda or cuda:N'
            device=$2
            shift
            ;;
        -*) fail "there is no argument $1; see --help" ;;
        *) results=$1 ;;
    esac
    shift
done
[[ -n $results ]] || fail 'say where the results go: bash run.sh RESULTS'
mkdir -p "$results" || fail "$results cannot be made"
results=$(cd "$results" && pwd)
main 2>&1 | tee "$results/log.txt"
