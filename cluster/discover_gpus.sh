#!/bin/sh
# Tells Spark which GPU an executor on YARN may use, as {"name": "gpu", "addresses": ["GPU-…"]}: one that no other
# executor of its application has taken. Where YARN isolates GPUs, a container sees its own only; elsewhere every
# executor of a node would take the first. A UUID, because indices begin anew in each isolated container, and CUDA
# may count otherwise than nvidia-smi.
set -eu
gpus=$(nvidia-smi --query-gpu=uuid --format=csv,noheader)
[ -n "$gpus" ] || { echo "nvidia-smi knows no GPU on this node: $(hostname)" >&2; exit 1; }

taken="${LOCAL_DIRS%%,*}/gpus" # the application's own folder on this node; YARN removes it
mkdir -p "$taken"
exec 9>"$taken/lock"
flock 9
for gpu in $gpus; do
    # The name of the executor's process lies in a file; one that has ended has given its GPU back.
    if ! { [ -e "$taken/$gpu" ] && kill -0 "$(cat "$taken/$gpu")" 2>/dev/null; }; then
        echo "$PPID" >"$taken/$gpu"
        printf '{"name": "gpu", "addresses": ["%s"]}\n' "$gpu"
        exit
    fi
done
echo "Other executors of this application have taken all GPUs of this node, $(hostname): $(echo "$gpus" | tr '\n' ' ')" >&2
exit 1
