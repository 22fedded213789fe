import {startWorld} from '/work/main/test/peers-next/world.ts';
const t0 = performance.now();
const mark = (what: string) => console.log(what, Math.round(performance.now() - t0));
const [a, b] = await Promise.all([startWorld(), startWorld()]);
mark('two worlds');
try {
for (const w of [a, b]) {
 const {stdout, stderr, code} = await w.manager.exec(`curl -sS -o /dev/null -w '%{http_code}\n' ${w.gitlab.url}/api/v4/version; curl -sS -o /dev/null -w '%{http_code}\n' https://gitlab.com/api/v4/version; curl -sS ${w.aws.direct}/peers/instance-role; ls /sys/class/net; curl -sS http://127.0.0.1:9/ ; cat /proc/net/tcp | head -4`);
 console.log(code, stdout, stderr);
}
mark('out');
await a.manager.stopSshd(); mark('stopped');
await a.manager.startSshd(); mark('started');
await a.manager.reset(); mark('reset');
} finally { await Promise.all([a.stop(), b.stop()]); mark('stop'); }
