#!/bin/sh
# Write the secrets that docker-compose.yml mounts into deploy/secrets, each once: what is there already stays as it is.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
# Nobody else on this machine can look into the folder. The files themselves can be read by whatever user a container runs
# as, into which only the named ones are mounted.
chmod 700 secrets
umask 022

random() {
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

# write NAME: standard input into secrets/NAME, whole or not at all.
write() {
  cat >"secrets/$1.new"
  mv "secrets/$1.new" "secrets/$1"
  echo "secrets/$1 written"
}

[ -s secrets/secret_key ] || random | write secret_key
[ -s secrets/encryption_keys ] || head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n' | write encryption_keys
[ -s secrets/postgres_password ] || random | write postgres_password
[ -s secrets/database_app_password ] || random | write database_app_password
[ -s secrets/redis_password ] || random | write redis_password

postgres_password=$(cat secrets/postgres_password)
redis_password=$(cat secrets/redis_password)
app_password=$(cat secrets/database_app_password)
# The owner of the tables migrates; web, worker and beat run as voc_app, which cannot change the audit trail.
[ -s secrets/database_owner_url ] ||
  printf 'postgres://voc:%s@postgres:5432/voc' "$postgres_password" | write database_owner_url
[ -s secrets/database_url ] || printf 'postgres://voc_app:%s@postgres:5432/voc' "$app_password" | write database_url
[ -s secrets/redis_url ] || printf 'redis://:%s@redis:6379/0' "$redis_password" | write redis_url
[ -s secrets/redis_conf ] || write redis_conf <<END
requirepass $redis_password
dir /data
appendonly yes
appendfsync everysec
maxmemory 384mb
maxmemory-policy noeviction
END
