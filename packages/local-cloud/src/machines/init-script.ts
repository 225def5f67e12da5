import { ownerVariable } from './process-table.ts';

/**
 * PID 1 of a machine. It comes with the driver and not with the image, as a hypervisor brings its firmware, so that
 * old images boot under a newer driver. Its name is `runit-init`: that is what Ansible's service_mgr fact reads in
 * /proc/1/comm to find runit. It speaks to the host over descriptor 3: its private
 * host key, which the host must not read through the links of a disk, one line `ready`, then it closes it.
 */
export const initName = 'runit-init';

export const initScript = `#!/bin/sh
umask 022
# Names this process on its host; nothing to a service.
unset ${ownerVariable}
stopping=
trap 'stopping=1' TERM
trap '' HUP INT
. /run/cloud/environment
. /run/cloud/metadata

# --- every boot ---
mkdir -p /run/pipeline /run/lock /run/sshd /var/lib/cloud /var/log /var/tmp /etc/ssh /etc/service
printf 'HOST=%s\\nINSTANCE_ID=%s\\n' "$ADDRESS" "$INSTANCE_ID" > /run/pipeline/instance.env
printf '127.0.0.1 localhost\\n::1 localhost ip6-localhost\\n%s %s\\n' "$ADDRESS" "$MACHINE_HOSTNAME" > /etc/hosts
if [ -f /run/cloud/resolv.conf ]; then cp --remove-destination /run/cloud/resolv.conf /etc/resolv.conf; fi
# SSH logs in under the name of the host's user: Ansible looks for its home (~name), which is root's.
if [ "$LOGIN_USER" != root ] && ! grep -q "^$LOGIN_USER:" /etc/passwd; then
  echo "$LOGIN_USER:x:0:0::/root:/bin/bash" >> /etc/passwd
fi
# What a supervisor of an earlier life has left would look like a running service.
rm -rf /etc/service/*/supervise /etc/service/*/log/supervise

# --- first boot of this instance ---
previous=
if [ -f /var/lib/cloud/instance-id ]; then read -r previous < /var/lib/cloud/instance-id; fi
if [ "$previous" != "$INSTANCE_ID" ]; then
  rm -f /etc/ssh/ssh_host_*
  ssh-keygen -q -t ed25519 -N '' -C "root@$MACHINE_HOSTNAME" -f /etc/ssh/ssh_host_ed25519_key || exit 1
  if [ -f /run/cloud/authorized-key ]; then
    mkdir -p -m 700 /root/.ssh
    if ! grep -qsxFf /run/cloud/authorized-key /root/.ssh/authorized_keys; then
      (umask 077 && cat /run/cloud/authorized-key >> /root/.ssh/authorized_keys)
    fi
  fi
  # As systemd does: a machine id that the image has kept stays, so an image must be cleaned of it.
  if [ ! -s /etc/machine-id ]; then
    read -r uuid < /proc/sys/kernel/random/uuid
    (IFS=-; printf '%s' $uuid; echo) > /etc/machine-id
  fi
  echo "$MACHINE_HOSTNAME" > /etc/hostname
  echo "$INSTANCE_ID" > /var/lib/cloud/instance-id
  if [ -x /run/cloud/user-data ]; then
    /run/cloud/user-data 3>&- < /dev/null || echo "cloud: user data exited with $?"
  fi
fi
echo '-----BEGIN SSH HOST KEY KEYS-----'
cat /etc/ssh/ssh_host_ed25519_key.pub
echo '-----END SSH HOST KEY KEYS-----'

# --- services ---
services=
if [ -z "$stopping" ]; then
  runsvdir -P /etc/service 3>&- < /dev/null &
  services=$!
fi
# Who waits for that is the daemon. One that was killed so early that the sandbox could not be told to die with it cannot be told
# either, and a machine that nobody knows must not keep its address.
cat /etc/ssh/ssh_host_ed25519_key >&3 && printf '\\nready\\n' >&3 || exit 1
exec 3>&-
# This wait also reaps every orphan of the machine.
while [ -z "$stopping" ] && [ -n "$services" ]; do
  wait "$services"
  if [ -z "$stopping" ] && ! kill -0 "$services" 2> /dev/null; then
    echo 'init: the service scanner has exited'
    stopping=1
  fi
done

# --- stop: the scanner first, lest it start again what ends ---
echo 'init: stopping services'
if [ -n "$services" ]; then kill -TERM "$services" 2> /dev/null; fi
set --
for service in /etc/service/*; do
  if [ -p "$service/supervise/control" ]; then set -- "$@" "$service"; fi
done
if [ $# -gt 0 ]; then sv exit "$@"; fi
# Not sv's own wait, which looks only every 420 ms. The host ends what is not down after its grace period.
busy=1
while [ -n "$busy" ]; do
  busy=
  for stat in /etc/service/*/supervise/stat /etc/service/*/log/supervise/stat; do
    state=down
    if [ -f "$stat" ]; then read -r state < "$stat"; fi
    case $state in down*) ;; *) busy=1 ;; esac
  done
  if [ -n "$busy" ]; then sleep 0.02; fi
done
echo 'init: off'
exit 0
`;

/** Runs inside the machine for each SSH session: the caller's command, or a login shell. */
export const sessionScript = `#!/bin/sh
. /run/cloud/environment
cd /root
umask 022
if [ -n "$SSH_ORIGINAL_COMMAND" ]; then
  command=$SSH_ORIGINAL_COMMAND
  unset SSH_ORIGINAL_COMMAND
  exec /bin/sh -c "$command"
fi
unset SSH_ORIGINAL_COMMAND
exec /bin/bash -l
`;
