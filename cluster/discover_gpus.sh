#!/bin/sh
# Tells Spark which GPUs an executor may use, as {"name": "gpu", "addresses": ["0", "1"]}.
# YARN shows a container its own GPUs only where it isolates them; Spark takes the first ones of this list.
set -eu
indices=$(nvidia-smi --query-gpu=index --format=csv,noheader,nounits)
[ -n "$indices" ] || { echo "nvidia-smi knows no GPU on this node: $(hostname)" >&2; exit 1; }
printf '{"name": "gpu", "addresses": [%s]}\n' "$(echo "$indices" | sed 's/[^0-9]//g; s/.*/"&"/' | paste -sd, -)"
