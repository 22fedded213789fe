import {credentialsPath, type Work} from './machine.ts';
import {locked, type Running} from './running.ts';

/** The `write-credentials` script. */
export function* writeCredentials({section}: {section: string}, running: Running): Work<{is: 'written'}> {
	return yield* locked(running, writing(section, running));
}

function* writing(section: string, {machine}: Running): Work<{is: 'written'}> {
	yield 200;
	machine.files.set(credentialsPath, {text: section, mode: 0o600});
	return {is: 'written'};
}
