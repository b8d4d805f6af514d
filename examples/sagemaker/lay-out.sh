#!/bin/sh
# Completes the image's file system in the folder $1, which holds /opt/hotplate: the shared
# libraries that its programs load, with their licences, two users, and the folders that are
# expected.
set -eu
image=$1
hotplate=$image/opt/hotplate

# Starts here, so that a program of a newer C library is refused now and not in the container.
"$hotplate/hotplate" --version

loaded=$(
    find "$hotplate" -type f \( -name hotplate -o -name '*.so*' \) -exec ldd {} \; |
        sed -n 's/.* => \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) .*/\1/p' | sort -u
)
for library in $loaded; do
    mkdir -p "$image${library%/*}"
    cp -L "$library" "$image$library"
done

for package in libc6 libgcc-s1 libstdc++6; do
    mkdir -p "$image/usr/share/doc/$package"
    cp -L "/usr/share/doc/$package/copyright" "$image/usr/share/doc/$package/copyright"
done

mkdir -p "$image/etc" "$image/tmp" "$image/opt/ml"
chmod 1777 "$image/tmp"
printf 'root:x:0:0:root:/:/sbin/nologin\nhotplate:x:10001:10001:hotplate:/:/sbin/nologin\n' \
    >"$image/etc/passwd"
printf 'root:x:0:\nhotplate:x:10001:\n' >"$image/etc/group"
