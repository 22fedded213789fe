/**
 * A function of sh, `apt_install PACKAGE…`, for a system at its first boot: an update in the background may hold apt's locks. apt waits for that of dpkg, if
 * asked, but not for the one on its lists: `update` fails at once then (docs/facts.md, "Baked images"), so it is tried for a minute.
 */
export const aptInstall = `apt_install() {
  for try in 1 2 3 4 5 6 7 8 9 10 11 12; do
    [ $try = 1 ] || sleep 5
    if apt-get update && apt-get -o DPkg::Lock::Timeout=300 install -y "$@"; then return 0; fi
  done
  return 1
}
`;
