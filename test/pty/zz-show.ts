import {openTerminal} from './terminal.ts';
const [scenario, columns, rows, right, ...keys] = process.argv.slice(2);
const t = openTerminal('replay.ts', [scenario], {columns: Number(columns), rows: Number(rows)});
await t.until(new RegExp(right));
for (const k of keys) { t.press(k); await new Promise(r=>setTimeout(r,400)); }
console.log(t.text());
t.close();
