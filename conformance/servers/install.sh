#!/usr/bin/env bash
# Installs what the system tests drive: Debian's container tools through apt, the others by `go install` at pinned
# versions into .work/bin. Safe to run again; stops at the first thing that does not work.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Pinned: a run must mean the same next month.
crane=github.com/google/go-containerregistry/cmd/crane@v0.22.1
gcrane=github.com/google/go-containerregistry/cmd/gcrane@v0.22.1
regctl=github.com/regclient/regclient/cmd/regctl@v0.11.7
oras=oras.land/oras/cmd/oras@v1.3.6
helm=helm.sh/helm/v3/cmd/helm@v3.22.0
conformance=github.com/opencontainers/distribution-spec/conformance@v0.0.0-20260831232431-97274622c111
# The suite of version 1.1 is a Go test, and no module proxy serves its tags: this commit of 2023-11-01 is what there is.
conformance_1_1=github.com/opencontainers/distribution-spec/conformance@v0.0.0-20231101194043-f2182352d4cc
buildkit=github.com/moby/buildkit@v0.26.3
notation=github.com/notaryproject/notation@v1.3.2
# What a Kubernetes says of its own API, for manifests; nothing is built of it.
kubernetes=sigs.k8s.io/kubectl-validate@v0.0.4

servers=(postgresql-15 radosgw ceph-mon ceph-osd ceph-common nginx-light)
packages=(docker.io iptables containerd runc podman conmon crun skopeo golang-github-containers-common
  chromium fonts-liberation uidmap debootstrap docker-compose openssl iproute2 ca-certificates faketime strace prometheus umoci attr caddy systemd "${servers[@]}")
# `--servers`: what the cluster form runs on, and nothing else.
[[ ${1-} != --servers ]] || packages=("${servers[@]}")

say() { printf 'install: %s\n' "$*"; }

if [[ $(id -u) != 0 ]]; then
  say "needs root: dockerd, containerd and the full-disk mount do too"
  exit 1
fi
[[ ${1-} == --servers ]] || command -v go >/dev/null || { say "needs Go 1.24 or newer in PATH"; exit 1; }

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if ((${#missing[@]} > 0)); then
  say "apt: ${missing[*]}"
  # No service may start: tests start their own daemons on their own sockets.
  if [[ ! -e /usr/sbin/policy-rc.d ]]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
[[ ${1-} != --servers ]] || exit 0

mkdir -p .work/bin
export GOBIN="$PWD/.work/bin" CGO_ENABLED=0 GOFLAGS=-buildvcs=false
for module in "$crane" "$gcrane" "$regctl" "$oras" "$conformance" "$helm"; do
  name=$(basename "${module%@*}")
  stamp=".work/bin/.$name.version"
  if [[ -x .work/bin/$name && -f $stamp && $(<"$stamp") == "$module" ]]; then continue; fi
  say "go install $module"
  go install -ldflags='-s -w' "$module"
  printf '%s' "$module" >"$stamp"
done

stamp=.work/bin/.conformance-1.1.version
if [[ ! -x .work/bin/conformance-1.1 || ! -f $stamp || $(<"$stamp") != "$conformance_1_1" ]]; then
  say "go test -c $conformance_1_1"
  sources=.work/conformance-1.1
  rm -rf "$sources"
  # A copy: the module cache is read-only, and building writes go.sum.
  cp -r "$(go mod download -json "$conformance_1_1" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')" "$sources"
  chmod -R u+w "$sources"
  (cd "$sources" && go test -c -ldflags='-s -w' -o ../bin/conformance-1.1 .)
  printf '%s' "$conformance_1_1" >"$stamp"
fi

stamp=.work/bin/.buildkit.version
if [[ ! -x .work/bin/buildkitd || ! -x .work/bin/buildctl || ! -f $stamp || $(<"$stamp") != "$buildkit" ]]; then
  say "go build $buildkit"
  # Its go.mod excludes versions of others, which `go install` does not take.
  go build -C "$(go mod download -json "$buildkit" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')" \
    -ldflags='-s -w' -o "$GOBIN/" ./cmd/buildkitd ./cmd/buildctl
  printf '%s' "$buildkit" >"$stamp"
fi

stamp=.work/bin/.notation.version
if [[ ! -x .work/bin/notation || ! -f $stamp || $(<"$stamp") != "$notation" ]]; then
  say "go build $notation"
  # `go install` asks for the list of all its versions, which not every module proxy serves.
  go build -C "$(go mod download -json "$notation" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')" -ldflags='-s -w' -o "$GOBIN/" ./cmd/notation
  printf '%s' "$notation" >"$stamp"
fi

stamp=.work/.kubernetes-1.30.version
if [[ ! -f $stamp || $(<"$stamp") != "$kubernetes" ]]; then
  say "go mod download $kubernetes"
  rm -rf .work/kubernetes-1.30
  cp -r --no-preserve=mode "$(go mod download -json "$kubernetes" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')/pkg/openapiclient/builtins/1.30" .work/kubernetes-1.30
  printf '%s' "$kubernetes" >"$stamp"
fi

for tool in /usr/bin/docker /usr/sbin/dockerd /usr/bin/containerd /usr/bin/ctr /usr/bin/podman /usr/bin/{skopeo,umoci,getfattr} /usr/bin/radosgw /usr/sbin/nginx /usr/bin/faketime /usr/bin/{prometheus,promtool} \
  /usr/lib/postgresql/15/bin/{postgres,psql,pg_basebackup} .work/bin/{crane,gcrane,regctl,oras,helm,notation,buildkitd,buildctl,conformance,conformance-1.1}; do
  [[ -x $tool ]] || { say "$tool is missing after the installation"; exit 1; }
done
say "complete: $(/usr/sbin/dockerd --version | head -1); $(podman --version); $(skopeo --version)"
