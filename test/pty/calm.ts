import {onlyAscii} from '../../source/faces/face.ts';
import {plainFace} from '../../source/faces/plain/face.ts';
import {Stopped} from '../../source/problem.ts';
import {realClock} from '../../source/world/laptop/clock.ts';
import {region, runnerToken} from '../faces/asked.ts';

const face = plainFace({
	out: process.stdout,
	err: process.stderr,
	in: process.stdin,
	columns: () => process.stdout.columns,
	colour: false,
	ascii: onlyAscii(process.env),
	yes: false,
	interactive: true,
	clock: realClock,
});

/** Two questions one after the other, something that happens meanwhile, and work that is left. */
async function work(): Promise<void> {
	const asking = face.ask(region());
	process.stdin.once('data', () => face.emit({event: 'note', says: 'It happened meanwhile.'}));
	const answers = [await asking, await face.ask(runnerToken())];
	const agreed = await face.agree({says: 'All of ci goes.', details: ['Manager  i-1'], word: 'ci'});
	const seen = await face.watch('Waiting for the first job.', () => new Promise<string>(() => {}));
	face.emit({event: 'note', says: `${JSON.stringify(answers)} ${agreed} ${seen}`});
}

try {
	await work();
} catch (error) {
	if (!(error instanceof Stopped)) throw error;
	process.exitCode = 130;
}
await face.close();
