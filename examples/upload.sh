#!/bin/sh
# Uploads a film with curl and jq: REELVAULT_API=https://… REELVAULT_TOKEN=… upload.sh FILM
#
# The same film again is the same upload: what was cut off goes on with the parts that S3 does not hold yet.
set -eu
api=${REELVAULT_API:?the URL of the API}
film=${1:?a film}
own=$(mktemp -d)
trap 'rm -rf "$own"' EXIT
# In a file: what stands on a command line is for everyone on this machine to read.
printf 'authorization: Bearer %s\n' "${REELVAULT_TOKEN:?an access token}" > "$own/token"

call() { curl --silent --show-error --fail-with-body --header "@$own/token" "$@"; }

# Sends part $1 by the signed request in $own/part.json.
put() {
    jq --raw-output '.headers | to_entries[] | "\(.key): \(.value)"' < "$own/part.json" > "$own/headers"
    jq --raw-output '"url = \(.url | tojson)"' < "$own/part.json" > "$own/place"
    dd if="$film" of="$own/part" bs="$part_size" skip="$(($1 - 1))" count=1 status=none
    curl --silent --show-error --fail-with-body --retry 3 --header "@$own/headers" \
        --upload-file "$own/part" --config "$own/place"
}

jq --null-input --arg filename "$(basename "$film")" --argjson size "$(stat --format %s "$film")" \
    '{$filename, $size, content_type: "video/mp4"}' > "$own/announcement"
call --json "@$own/announcement" --header "idempotency-key: $(sha256sum < "$film" | cut -c 1-64)" \
    "$api/v1/uploads" > "$own/slot.json"
asset=$(jq --raw-output .asset_id < "$own/slot.json")
part_size=$(jq .part_size < "$own/slot.json")

if [ "$(jq --raw-output .kind < "$own/slot.json")" = single ]; then
    jq '.parts[0]' < "$own/slot.json" > "$own/part.json"
    put 1
else
    after=0
    : > "$own/held"
    while [ "$after" != null ]; do
        call "$api/v1/uploads/$asset/parts?after=$after" > "$own/page.json"
        jq '.parts[].number' < "$own/page.json" >> "$own/held"
        after=$(jq .next < "$own/page.json")
    done
    for number in $(seq "$(jq .part_count < "$own/slot.json")"); do
        if ! grep --quiet --line-regexp "$number" "$own/held"; then
            call --json "{\"part_numbers\": [$number]}" "$api/v1/uploads/$asset/parts" > "$own/signed.json"
            jq '.parts[0]' < "$own/signed.json" > "$own/part.json"
            put "$number"
        fi
    done
fi
call --request POST "$api/v1/uploads/$asset/finalize"
