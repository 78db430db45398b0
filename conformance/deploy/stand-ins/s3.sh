#!/bin/sh
# An S3 on port 9000 with the account that MINIO_ROOT_USER and MINIO_ROOT_PASSWORD name: Ceph's gateway, its data in
# memory. What the file gives to MinIO's command line means nothing to it.
set -eu
folder=/run/stand-in
mkdir -p "$folder/mon" "$folder/osd"
key() { name=$1; shift; ceph-authtool "$folder/keyring" --gen-key -n "$name" "$@"; }
ceph-authtool -C "$folder/keyring" --gen-key -n mon. --cap mon 'allow *'
key client.admin --cap mon 'allow *' --cap osd 'allow *'
key client.rgw --cap mon 'allow rwx' --cap osd 'allow rwx'
key osd.0 --cap mon 'allow profile osd' --cap osd 'allow *'
cluster=$(sed -n 's/^fsid=//p' /etc/ceph/ceph.conf)
monitor=$(sed -n 's/^mon host=//p' /etc/ceph/ceph.conf)
osd=$(cat /proc/sys/kernel/random/uuid)
monmaptool --create --fsid "$cluster" --addv a "$monitor" "$folder/monmap"
ceph-mon -i a --mkfs --monmap "$folder/monmap" --keyring "$folder/keyring"
ceph-mon -f -i a &
ceph osd new "$osd"
ceph-osd -i 0 --mkfs --osd-uuid "$osd"
ceph-osd -f -i 0 &
radosgw-admin user create --uid=registry --display-name=registry \
  --access-key="$MINIO_ROOT_USER" --secret-key="$MINIO_ROOT_PASSWORD" >/dev/null
exec radosgw -f -n client.rgw --rgw-frontends='beast endpoint=0.0.0.0:9000'
